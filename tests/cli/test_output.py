"""What `run` and the others print: one line a text, and one line where it cannot be written."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgebert.cli.main import app


def invoke(*arguments, **options):
    return CliRunner().invoke(app, [str(each) for each in arguments], **options)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
@pytest.mark.parametrize("arguments", ["--help", "run FILE x", "inspect FILE --json"])
def test_a_full_disk_behind_stdout_is_one_line(classifier, arguments):
    given = [str(classifier) if each == "FILE" else each for each in arguments.split()]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "edgebert", *given],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "error: cannot write the output: No space left on device\n"


def test_a_text_is_one_line(classifier):
    (line,) = invoke("run", classifier, "two\nlines,\ta tab\u2028").stdout.splitlines()
    assert line.endswith(r"two\nlines,\ta tab\u2028")


def test_a_dash_is_stdin_and_texts_beside_input_are_refused(classifier, tmp_path):
    assert len(invoke("run", classifier, "-", input="one\ntwo\n").stdout.splitlines()) == 2
    (tmp_path / "x.txt").write_text("one\n")
    done = invoke("run", classifier, "a text", "--input", tmp_path / "x.txt")
    assert done.exit_code == 2
    assert "--input" in done.stderr


@pytest.mark.parametrize("text", ["", " \t", "\u202e", "\u200b\u200b", "\x01 \x07"])
def test_a_text_without_words_has_no_label_and_a_warning(classifier, text):
    done = invoke("run", classifier, text, "--json")
    assert json.loads(done.stdout)["label"] is None
    assert "without words" in done.stderr
