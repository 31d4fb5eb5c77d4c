"""Writing files: nothing half-written, and nothing overwritten unasked."""

from __future__ import annotations

import os

import pytest

from edgebert.errors import EdgebertError
from edgebert.files import replacing


def write_while_another_does(path, **options):
    with replacing(path, **options) as part:
        part.write_text("mine")
        path.write_text("another's")


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path):
    path = tmp_path / "out.tflite"
    with pytest.raises(EdgebertError, match="exists already"):
        write_while_another_does(path)
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {path.name: "another's"}


def test_with_force_it_is(tmp_path):
    path = tmp_path / "out.tflite"
    write_while_another_does(path, force=True)
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {path.name: "mine"}


def test_what_is_no_ordinary_file_stays_as_it_is(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with (
        pytest.raises(EdgebertError, match="pipe: not an ordinary file"),
        replacing(pipe, force=True),
    ):
        pass
    assert pipe.is_fifo()
