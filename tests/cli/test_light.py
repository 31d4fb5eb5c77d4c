"""The command as `pip install edgebert` alone gives it, without what the extras bring."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import edgebert
from edgebert.cli.light import EXTRA_OF_VERB
from edgebert.cli.main import app
from edgebert.extras import EXTRAS, install

ROOT = Path(edgebert.__file__).parents[1]
HIDDEN = sorted(module for extra in EXTRAS for module in extra.modules.values())
PROGRAM = (
    f"import sys; sys.modules.update(dict.fromkeys({HIDDEN}))\n"
    "from edgebert.cli.program import main; main()"
)
TEXTS = ("I lost my card", "Why was I charged?\n", " ")


def program(start, arguments, given):
    command = [sys.executable, *start, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, input=given)


def light(*arguments, given=None):
    return program(("-c", PROGRAM), arguments, given)


def whole(*arguments, given=None):
    return program(("-m", "edgebert"), arguments, given)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--version",),
        ("run", "intents", *TEXTS),
        ("run", "intents", "--json", *TEXTS),
        ("run", "--json", "intents", "--", "--not-an-option"),
        ("run", "nothing.tflite", "text"),
        ("run", "README.md", "text"),
    ],
)
def test_it_prints_what_the_whole_command_prints(arguments):
    ours, theirs = light(*arguments), whole(*arguments)
    assert ours.stdout == theirs.stdout
    assert ours.stderr == theirs.stderr
    assert ours.returncode == theirs.returncode


def test_it_reads_stdin_as_the_whole_command_does():
    given = "I lost my card\n\nWhy was I charged?\n"
    for options in ((), ("--json",)):
        one, other = (run("run", "intents", *options, "-", given=given) for run in (light, whole))
        assert (one.returncode, one.stdout, one.stderr) == (0, other.stdout, other.stderr)
        assert len(one.stdout.splitlines()) == 3


def test_the_doctor_tells_what_is_missing_for_what():
    result = light("doctor", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    found = {each["name"]: each for each in json.loads(result.stdout)["findings"]}
    assert {f"[{extra.name}]" for extra in EXTRAS} <= set(found)
    assert "usable" in json.loads(result.stdout)
    assert len(light("doctor").stdout.splitlines()) == len(found)


def test_every_verb_has_its_extra():
    names = [verb.name or verb.callback.__name__ for verb in app.registered_commands]
    assert list(EXTRA_OF_VERB) == names
    assert set(EXTRA_OF_VERB.values()) <= {extra.name for extra in EXTRAS}


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["convert", "x"], "edgebert convert needs typer: pip install 'edgebert[convert]'"),
        (["fit", "--help"], f"edgebert fit needs typer: {install('train')}"),
        (["models"], "edgebert models needs typer: pip install 'edgebert[cli]'"),
        (
            ["run", "intents", "--input", "x"],
            "edgebert run --input needs typer: pip install 'edgebert[cli]'",
        ),
        (
            ["run", "intents"],
            "the following arguments are required: TEXT; "
            "edgebert run --help shows what is accepted",
        ),
    ],
)
def test_what_it_cannot_do_is_one_line_that_names_the_extra(arguments, line):
    result = light(*arguments)
    assert (result.returncode, result.stdout, result.stderr) == (2, "", f"error: {line}\n")


def test_help_says_where_the_other_verbs_are():
    result = light("--help")
    assert result.returncode == 0
    assert set(EXTRA_OF_VERB) <= set(re.findall(r"[\w-]+", result.stdout))
    assert "pip install 'edgebert[cli]'" in result.stdout
    assert (light().returncode, light().stdout) == (2, "")
