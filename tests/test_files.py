"""Writing files: nothing half-written, and nothing overwritten unasked."""

from __future__ import annotations

import os

import pytest

from edgebert.errors import EdgebertError
from edgebert.files import refuse_overwrite, replacing


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


def test_what_a_link_points_to_is_written_and_the_link_stays(tmp_path):
    (tmp_path / "shelf").mkdir()
    link, target = tmp_path / "out.tflite", tmp_path / "shelf" / "model.tflite"
    link.symlink_to("shelf/model.tflite")
    with replacing(link) as part:  # there is nothing yet
        part.write_text("first")
    with pytest.raises(EdgebertError, match=r"model\.tflite: exists already"), replacing(link):
        pass
    with replacing(link, force=True) as part:
        part.write_text("second")
    assert link.is_symlink()
    assert target.read_text() == "second"
    assert [each.name for each in target.parent.iterdir()] == ["model.tflite"]


def test_a_link_into_a_folder_that_is_not_there_is_refused_before_any_work(tmp_path):
    link = tmp_path / "out.tflite"
    link.symlink_to("nowhere/model.tflite")
    with pytest.raises(EdgebertError, match=r"there is no folder .*nowhere"):
        refuse_overwrite(link, force=True)
