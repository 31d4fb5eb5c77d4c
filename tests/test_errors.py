"""Messages are one line that any terminal can print."""

import subprocess
import sys
from pathlib import Path

import pytest

from edgebert import load
from edgebert.errors import CheckFailedError, EdgebertError

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("größer – 東京", "größer – 東京"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\u2028\ud800", r"\u2028\ud800"),
    ],
)
def test_whatever_stands_in_a_message_it_is_one_line(name, shown):
    assert str(EdgebertError(f"x: tensor {name} is missing")) == f"x: tensor {shown} is missing"


def test_of_a_long_message_the_beginning_and_the_end_stay():
    message = str(EdgebertError(f"x: tensor {'a' * 100_000} is missing"))
    assert len(message) < 2100
    assert message.startswith("x: tensor aaa")
    assert message.endswith("aaa is missing")


def test_a_check_that_failed_is_an_error_of_ours_and_one_line():
    assert issubclass(CheckFailedError, EdgebertError)
    assert str(CheckFailedError("a\nb")) == r"a\nb"


def test_an_error_keeps_its_cause_and_the_program_prints_one_line(tmp_path):
    path = tmp_path / "none.tflite"
    path.write_bytes(b"\x1c\0\0\0TFL3" + bytes(100))
    with pytest.raises(EdgebertError) as caught:
        load(path)
    assert caught.value.__cause__ is not None
    command = [sys.executable, "-m", "edgebert", "run", path, "text"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert result.returncode == 2
    assert result.stderr.strip().splitlines() == [f"error: {caught.value}"]
