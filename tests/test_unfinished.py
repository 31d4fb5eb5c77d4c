"""What a killed process left beside an output goes when the same output is written next."""

import os
import signal
import subprocess
import sys
import time

import pytest

from edgebert.files import replacing
from edgebert.unfinished import temporary_folder

pytest.importorskip("fcntl")

# Begins a file and a folder beside it, and waits until it is killed or told to go on.
WRITER = """
import sys
from pathlib import Path
from edgebert.files import replacing
from edgebert.unfinished import temporary_folder
path = Path(sys.argv[1])
with replacing(path) as part, temporary_folder(path) as folder:
    part.with_name("a library's own").write_text("half")
    part.with_name("a library's own").replace(part)
    (folder / "inside").write_text("half")
    print(part.parent.name, folder.name, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def writer(tmp_path):
    """A process that writes `out`, and the names of what it has beside it."""
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "out")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield child, set(child.stdout.readline().split())
    child.kill()
    child.communicate()


def names(folder):
    return {each.name for each in folder.iterdir()}


def write(path):
    with replacing(path, force=True) as part:
        part.write_text("whole")


def test_parts_of_a_killed_process_go_and_those_of_a_living_one_stay(tmp_path, writer):
    child, parts = writer
    assert len(parts) == 2
    assert all(str(child.pid) in part for part in parts)
    write(tmp_path / "out")
    assert names(tmp_path) == {"out", *parts}
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    write(tmp_path / "another")
    assert names(tmp_path) == {"out", "another", *parts}
    write(tmp_path / "out")
    assert names(tmp_path) == {"out", "another"}


def test_a_folder_also_takes_what_was_left_away(tmp_path, writer):
    child, _ = writer
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    with temporary_folder(tmp_path / "out") as folder:
        assert names(tmp_path) == {folder.name}
    assert names(tmp_path) == set()


def test_one_that_ends_by_itself_leaves_nothing(tmp_path, writer):
    child, _ = writer
    child.communicate("\n")
    assert names(tmp_path) == {"out"}


def test_files_of_the_user_stay(tmp_path):
    folders = {".out.notes.part", ".outer.0123abcd-1.abcdefgh.part"}
    for name in folders:
        (tmp_path / name).mkdir()
    mine = {
        ".out.part",
        ".out.0123abcd-1.notes.part",
        ".out.0123abcd-1.abcdefgh.part",
        "out.0123abcd-1.abcdefgh.part",
    }
    for name in mine:
        (tmp_path / name).write_text("mine")
    write(tmp_path / "out")
    assert names(tmp_path) == {"out", *folders, *mine}


def test_parts_of_another_machine_stay_for_a_day(tmp_path):
    recent, old = (tmp_path / f".out.00000000-1.{word}.part" for word in ("recently", "long_ago"))
    for part in (recent, old):
        part.mkdir()
    two_days_ago = time.time() - 2 * 24 * 60 * 60
    os.utime(old, (two_days_ago, two_days_ago))
    write(tmp_path / "out")
    assert names(tmp_path) == {"out", recent.name}


def test_a_folder_deleted_before_it_was_locked_is_made_anew(tmp_path, monkeypatch):
    from edgebert import unfinished

    lock, refused = unfinished._lock, []

    def lock_late(part):
        if not refused:
            refused.append(part)
            part.rmdir()
        return lock(part)

    monkeypatch.setattr(unfinished, "_lock", lock_late)
    with temporary_folder(tmp_path / "out") as part:
        assert part.exists()
        assert part not in refused


def test_threads_that_write_the_same_file_leave_each_other_alone(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: write(tmp_path / "out"), range(200)))
    assert names(tmp_path) == {"out"}
