"""What runs on an ssh device, run here: its shell scripts, and the end of a job."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from edgebert.benchmark.devices.remote.follow import ended
from edgebert.benchmark.devices.ssh import _LOOK_FOR_JOBS
from edgebert.benchmark.devices.ssh_python import _MAKE_ENVIRONMENT

FAKE_PYTHON = """#!/bin/sh
[ "$2" = venv ] || exit 0
mkdir -p "$3/bin"
cp "$0" "$3/bin/python"
"""
TWO_DAYS_AGO = time.time() - 2 * 86_400


def shell(script, *arguments):
    command = ["sh", "-c", script, "sh", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=20)


@pytest.fixture
def python(tmp_path):
    path = tmp_path / "python"
    path.write_text(FAKE_PYTHON)
    path.chmod(0o755)
    return path


@contextmanager
def running(*arguments):
    process = subprocess.Popen([sys.executable, "-c", "input()", *arguments], stdin=subprocess.PIPE)
    try:
        yield process.pid
    finally:
        process.communicate(b"\n")


def job(cache, name, pid=None, old=False):
    folder = cache / "jobs" / name
    folder.mkdir(parents=True)
    if pid is not None:
        (folder / "pid").write_text(str(pid))
    if old:
        os.utime(folder, (TWO_DAYS_AGO, TWO_DAYS_AGO))
    return folder


def test_an_environment_is_made_once_and_nothing_is_left_beside_it(python, tmp_path):
    folder = tmp_path / "cache" / "environment-1"
    for _ in range(2):
        assert shell(_MAKE_ENVIRONMENT, folder, python, "numpy").returncode == 0
    assert [path.name for path in folder.parent.iterdir()] == ["environment-1"]
    assert {path.name for path in folder.iterdir()} == {"bin", "ready"}


def test_a_half_made_environment_of_another_try_stands_in_nobodys_way(python, tmp_path):
    folder = tmp_path / "cache" / "environment-1"
    growing, left = (folder.with_name(f"environment-1.part-{name}") for name in ("7", "8"))
    for path in (folder, growing, left):
        path.mkdir(parents=True)
    os.utime(left, (TWO_DAYS_AGO, TWO_DAYS_AGO))
    assert shell(_MAKE_ENVIRONMENT, folder, python, "numpy").returncode == 0
    assert (folder / "ready").exists()
    assert growing.exists()
    assert not left.exists()


def test_an_environment_that_cannot_be_made_leaves_nothing(tmp_path):
    folder = tmp_path / "cache" / "environment-1"
    assert shell(_MAKE_ENVIRONMENT, folder, "false", "numpy").returncode
    assert not list(folder.parent.iterdir())


def test_a_job_that_runs_is_found(tmp_path):
    with running("edgebert.benchmark") as pid:
        folder = job(tmp_path, "a", pid)
        assert shell(_LOOK_FOR_JOBS, tmp_path).stdout.strip() == str(pid)
    assert folder.exists()


def test_a_number_that_another_program_has_now_is_no_job(tmp_path):
    with running("something else") as pid:
        folder = job(tmp_path, "a", pid)
        found = shell(_LOOK_FOR_JOBS, tmp_path)
    assert (found.stdout, found.stderr) == ("", "")
    assert not folder.exists()


def test_jobs_that_never_began_go_on_another_day(tmp_path):
    young, old = job(tmp_path, "young"), job(tmp_path, "old", old=True)
    assert shell(_LOOK_FOR_JOBS, tmp_path).stdout == ""
    assert young.exists()
    assert not old.exists()


def test_a_status_that_a_full_disk_swallowed_is_told_as_that():
    assert ended("2\n") == 2
    assert ended("") == "No space left on device"
