"""Lines that are written in instalments: what is safe, what is cut off, what is refused."""

import json
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgebert.bulk import resumable as module
from edgebert.bulk.resumable import progress_path, resumable
from edgebert.errors import EdgebertError

MADE_OF = {"the input": "a", "the model": "b"}
LINES = ["one", "zwei", "trois, très bien"]
WHOLE = "".join(f"{line}\n" for line in LINES).encode()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "out.jsonl"


class StoppedError(Exception):
    pass


def write(path, stop_after=None, **options):
    """Writes the lines that are missing; stops after so many of all."""
    with resumable(path, options.pop("made_of", MADE_OF), **options) as lines:
        for line in LINES[lines.position.lines : stop_after]:
            lines.write(line)
        if stop_after is not None:
            raise StoppedError
    return lines.position


def stop(path, stop_after, **options):
    with pytest.raises(StoppedError):
        write(path, stop_after, **options)


def test_a_whole_output_stands_alone(path):
    position = write(path)
    assert (position.lines, position.bytes) == (3, len(WHOLE))
    assert path.read_bytes() == WHOLE
    assert [each.name for each in path.parent.iterdir()] == ["out.jsonl"]


@pytest.mark.parametrize("first", range(4))
@pytest.mark.parametrize("second", range(4))
def test_it_goes_on_where_it_stopped(path, first, second):
    stop(path, first)
    assert progress_path(path).exists()
    stop(path, max(first, second))
    write(path)
    assert path.read_bytes() == WHOLE
    assert [each.name for each in path.parent.iterdir()] == ["out.jsonl"]


@given(tail=st.binary(max_size=30), first=st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_what_is_not_safe_is_cut_off(tmp_path_factory, tail, first):
    path = tmp_path_factory.mktemp("cut") / "out.jsonl"
    stop(path, first)
    with path.open("ab") as file:
        file.write(tail)
    write(path)
    assert path.read_bytes() == WHOLE


def test_lines_are_safe_after_so_many_seconds_and_only_then(path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])

    def safe():
        return json.loads(progress_path(path).read_text())["lines"]

    with resumable(path, MADE_OF, save_every=5) as lines:
        lines.write("one")
        now[0] = 4.9
        lines.write("two")
        assert safe() == 0
        now[0] = 5.0
        lines.write("three")
        assert safe() == 3
        assert path.read_bytes() == b"one\ntwo\nthree\n"
        lines.write("four")
        assert safe() == 3


def test_a_line_half_written_at_ctrl_c_does_not_count(path):
    def write_one_and_a_half():
        with resumable(path, MADE_OF) as lines:
            lines.write("one")
            lines._file.write(b"zw")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_one_and_a_half()
    write(path)
    assert path.read_bytes() == WHOLE


def test_a_whole_output_is_not_written_again(path):
    write(path)
    with pytest.raises(EdgebertError, match="--force"):
        write(path)
    assert path.read_bytes() == WHOLE
    write(path, force=True)
    assert path.read_bytes() == WHOLE


@pytest.mark.parametrize("changed", MADE_OF)
def test_what_it_is_made_of_must_be_the_same(path, changed):
    stop(path, 2)
    before = path.read_bytes()
    with pytest.raises(EdgebertError, match=f"{changed} is not what it was.*--force"):
        write(path, made_of={**MADE_OF, changed: "other"})
    assert path.read_bytes() == before
    write(path)
    assert path.read_bytes() == WHOLE


def test_force_begins_anew(path):
    stop(path, 2, made_of={**MADE_OF, "the model": "other"})
    write(path, force=True)
    assert path.read_bytes() == WHOLE


def test_an_output_that_lost_lines_is_refused(path):
    stop(path, 2)
    os.truncate(path, 3)
    with pytest.raises(EdgebertError, match="has 3 bytes, 9 were written"):
        write(path)
    path.unlink()
    with pytest.raises(EdgebertError, match="has 0 bytes"):
        write(path)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{", b"\xff", b"null", b'{"made_of": {}, "lines": 1}',
        b'{"made_of": {}, "lines": -1, "bytes": 0, "truncated": 0}',
        b'{"made_of": {}, "lines": "1", "bytes": 0, "truncated": 0}',
        b'{"made_of": 7, "lines": 0, "bytes": 0, "truncated": 0}', b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_damaged_progress_file_is_one_line(path, content):
    path.write_bytes(b"one\n")
    progress_path(path).write_bytes(content)
    with pytest.raises(EdgebertError, match="progress: damaged; begin anew with --force"):
        write(path)
    assert path.read_bytes() == b"one\n"


def test_two_cannot_write_the_same(path):
    with resumable(path, MADE_OF) as lines:
        with pytest.raises(EdgebertError, match="another process"):
            write(path, force=True)
        for line in LINES:
            lines.write(line)
    assert path.read_bytes() == WHOLE


def test_a_folder_or_no_folder_is_one_line(tmp_path):
    for path in (tmp_path, tmp_path / "none" / "out.jsonl"):
        with pytest.raises(EdgebertError, match="folder"):
            write(path)
    assert list(tmp_path.iterdir()) == []


def no_room(*_):
    raise OSError(28, "No space left on device")


class FullFile:
    def __init__(self, file):
        self._file = file

    def __getattr__(self, name):
        return no_room if name == "write" else getattr(self._file, name)


def full_at_write(lines, patch):
    lines._file = FullFile(lines._file)
    lines.write("zwei")


def full_at_save(lines, patch):
    lines.write("zwei")
    patch.setattr(os, "fsync", no_room)
    lines.save()


def full_at_the_end(lines, patch):
    lines.write("zwei")
    patch.setattr(os, "fsync", no_room)


@pytest.mark.parametrize("fill", [full_at_write, full_at_save, full_at_the_end])
def test_a_full_disk_is_one_line_and_it_goes_on_when_there_is_room(path, monkeypatch, fill):
    stop(path, 1)

    def write_on():
        with monkeypatch.context() as patch, resumable(path, MADE_OF) as lines:
            fill(lines, patch)

    with pytest.raises(EdgebertError, match=r"cannot write: No space.*same command"):
        write_on()
    write(path)
    assert path.read_bytes() == WHOLE


def test_a_disk_that_is_full_from_the_start_is_one_line(path, monkeypatch):
    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(EdgebertError, match="cannot write: No space"):
        write(path)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110
def test_a_device_is_refused_and_stays_one(path):
    path.symlink_to("/dev/full")
    with pytest.raises(EdgebertError, match="not an ordinary file"):
        write(path, force=True)
    assert path.is_char_device()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_a_folder_that_takes_no_files_is_not_taken_for_a_lock_that_is_held():
    with pytest.raises(EdgebertError, match="/proc/x: cannot write here: /proc takes no files"):
        write(Path("/proc/x"))
