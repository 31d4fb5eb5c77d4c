"""Writing files: nothing half-written, and nothing overwritten unasked."""

from __future__ import annotations

import os
import subprocess
import sys

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


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_a_pipe_behind_a_link_and_a_folder_without_files_are_named_as_given():
    """As `-o /dev/stdout` in a pipeline is, and `-o /proc/x`."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom edgebert.errors import EdgebertError\n"
        "from edgebert.files import replacing\n"
        "for name in ('/dev/stdout', '/proc/x'):\n"
        "    try:\n"
        "        with replacing(Path(name), force=True): pass\n"
        "    except EdgebertError as error: print(error)\n"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert child.stdout.splitlines() == [
        "/dev/stdout: not an ordinary file but a pipe or device; give a file name",
        "/proc/x: cannot write here: /proc takes no files",
    ]


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
