"""The program as a shell sees it: exit statuses, stderr, closed pipes, quick help."""

import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import edgebert
from edgebert.cli.main import app
from edgebert.errors import CheckFailedError, EdgebertError

ROOT = Path(edgebert.__file__).parents[1]
COMMAND = [sys.executable, "-c", "from edgebert.cli.program import main; main()"]
VERBS = [verb.name or verb.callback.__name__ for verb in app.registered_commands]


def run(*arguments, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, cwd=ROOT, **options
    )


@pytest.fixture
def verb(monkeypatch):
    """Gives the program a verb `try` that does what the test wants."""
    monkeypatch.setattr(app, "registered_commands", [*app.registered_commands])

    def with_body(body):
        app.command("try")(body)
        return CliRunner().invoke(app, ["try"], prog_name="edgebert")

    return with_body


def raising(error):
    def body() -> None:
        raise error

    return body


def test_version():
    result = run("--version")
    assert (result.stdout, result.returncode) == (f"edgebert {edgebert.__version__}\n", 0)


def test_help_lists_every_verb():
    result = run("--help")
    assert result.returncode == 0
    assert set(VERBS) <= set(re.findall(r"[\w-]+", result.stdout))
    assert {"models", "doctor"} <= set(VERBS)


@pytest.mark.parametrize("name", VERBS)
def test_the_help_of_every_verb_has_examples(name):
    result = CliRunner().invoke(app, [name, "--help"], prog_name="edgebert")
    assert result.exit_code == 0
    assert f"edgebert {name}" in result.stdout.partition("Examples:")[2]


def test_help_and_version_import_nothing_heavy():
    program = (
        "import sys; from edgebert.cli.main import app\n"
        "for option in ('--version', '--help'):\n"
        "    app([option], standalone_mode=False)\n"
        "heavy = ('numpy', 'tokenizers', 'safetensors', 'huggingface_hub', 'ai_edge_litert')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT
    )
    assert child.stdout.splitlines()[-1] == "[]", child.stderr


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (EdgebertError("a.zip: damaged"), 2, "error: a.zip: damaged\n"),
        (CheckFailedError("cosine 0.5"), 1, "failed: cosine 0.5\n"),
        (EdgebertError("two\nlines \x1b[31m\a"), 2, "error: two\\nlines \\x1b[31m\\x07\n"),
        (EdgebertError("é \udcff"), 2, "error: é \\udcff\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_an_error_is_one_line_and_a_status(verb, error, status, line):
    result = verb(raising(error))
    assert (result.exit_code, result.stderr, result.stdout) == (status, line, "")


def test_a_bug_is_not_dressed_up_as_an_error_of_the_user(verb):
    result = verb(raising(ZeroDivisionError()))
    assert isinstance(result.exception, ZeroDivisionError)


def test_a_warning_is_one_line_and_no_failure(verb):
    def body() -> None:
        warnings.warn("the text was cut", UserWarning, stacklevel=1)
        typer.echo("done")

    result = verb(body)
    assert (result.exit_code, result.stderr) == (0, "warning: the text was cut\n")
    assert result.stdout == "done\n"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["nonsense"], "no such command 'nonsense'; see edgebert --help"),
        (["--nonsense"], "no such option: --nonsense; see edgebert --help"),
        (["models", "--nonsense"], "no such option: --nonsense; see edgebert models --help"),
        (["run"], "missing argument 'file'; see edgebert run --help"),
        (["compare", "a", "b"], "two files are compared by: edgebert evaluate FILE --data DATA "),
    ],
)
def test_wrong_usage_is_told_as_every_other_wrong_input(arguments, line):
    result = CliRunner().invoke(app, arguments, prog_name="edgebert")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {line}")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("name", VERBS)
def test_a_flag_in_the_help_wants_no_value(name):
    shown = CliRunner().invoke(app, [name, "--help"], prog_name="edgebert").stdout
    assert "  -h, --help " in shown
    assert "bool" not in shown


def test_a_shell_completes_verbs_and_options():
    for words, at, found in (
        ("edgebert eval", 1, "evaluate"),
        ("edgebert run --th", 2, "--threads"),
    ):
        told = {"_EDGEBERT_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(at)}
        assert found in run(env={**os.environ, **told}).stdout.splitlines()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGPIPE")
@pytest.mark.parametrize("arguments", [["models"], ["models", "--json"]])
def test_a_closed_pipe_is_no_noise(arguments):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        child = subprocess.run(
            [*COMMAND, *arguments], stdout=pipe, stderr=subprocess.PIPE, text=True, cwd=ROOT
        )
    assert child.stderr == ""
    assert child.returncode == 141


@pytest.mark.parametrize("verb", ["inspect", "convert"])
def test_without_litert_the_verbs_that_need_its_schema_say_so(verb):
    program = (
        "import sys; sys.modules['ai_edge_litert'] = None\n"
        "from edgebert.cli.program import main; main()"
    )
    source = {
        "inspect": "edgebert/data/intents.tflite",
        "convert": "tests/data/reference/st_embedder_2x32",
    }[verb]
    child = subprocess.run(
        [sys.executable, "-c", program, verb, source], capture_output=True, text=True, cwd=ROOT
    )
    assert child.returncode == 2
    assert child.stderr.startswith("error: what is inside a .tflite can be read and written only")
    assert child.stderr.count("\n") == 1
