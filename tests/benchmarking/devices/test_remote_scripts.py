"""What runs on an ssh device, run here: its shell scripts, and the end of a job."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import pytest

from edgebert.benchmarking.devices.ssh import _END, _IS_RUNNING, _LOOK_FOR_JOBS, _REASON, _START
from edgebert.benchmarking.devices.ssh_python import _MAKE_ENVIRONMENT

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
def running(job, works_in):
    """A process whose number is a job's."""
    command = [sys.executable, "-c", "input()"]
    process = subprocess.Popen(command, cwd=works_in, stdin=subprocess.PIPE, start_new_session=True)
    (job / "pid").write_text(str(process.pid))
    try:
        yield process.pid
    finally:
        with suppress(BrokenPipeError):
            process.communicate(b"\n")


def job(cache, name, old=False):
    folder = cache / "jobs" / name
    folder.mkdir(parents=True)
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


def test_what_was_half_made_before_a_restart_is_no_part_of_an_environment(python, tmp_path):
    folder = tmp_path / "cache" / "environment-1"
    by_the_same_number = 'mkdir -p "$3.part-$$/stale" && exec sh -c "$@"'
    arguments = (_MAKE_ENVIRONMENT, "sh", folder, python, "numpy")
    assert shell(by_the_same_number, *arguments).returncode == 0
    assert {path.name for path in folder.iterdir()} == {"bin", "ready"}


def test_an_environment_that_cannot_be_made_leaves_nothing(tmp_path):
    folder = tmp_path / "cache" / "environment-1"
    assert shell(_MAKE_ENVIRONMENT, folder, "false", "numpy").returncode
    assert not list(folder.parent.iterdir())


def test_a_job_that_runs_is_found(tmp_path):
    folder = job(tmp_path, "a")
    with running(folder, works_in=folder) as pid:
        assert shell(_LOOK_FOR_JOBS, tmp_path / "jobs").stdout.strip() == str(pid)
    assert folder.exists()


def test_a_number_that_another_program_has_now_is_no_job(tmp_path):
    folder = job(tmp_path, "a")
    with running(folder, works_in=tmp_path):
        found = shell(_LOOK_FOR_JOBS, tmp_path / "jobs")
    assert (found.stdout, found.stderr) == ("", "")
    assert not folder.exists()


@pytest.mark.parametrize(("place", "ours"), [("jobs/a", True), (".", False)])
def test_only_a_job_is_followed_and_ended(tmp_path, place, ours):
    folder = job(tmp_path, "a")
    with running(folder, works_in=tmp_path / place) as pid:
        assert bool(shell(_IS_RUNNING, folder).stdout) is ours
        assert shell(_END, folder).returncode == 0
        ended, _ = os.waitpid(pid, 0 if ours else os.WNOHANG)
        assert ended == (pid if ours else 0)
    assert not folder.exists()


def test_jobs_that_never_began_go_on_another_day(tmp_path):
    young, old = job(tmp_path, "young"), job(tmp_path, "old", old=True)
    assert shell(_LOOK_FOR_JOBS, tmp_path / "jobs").stdout == ""
    assert young.exists()
    assert not old.exists()


def test_a_job_that_was_started_before_a_connection_broke_is_not_started_again(tmp_path):
    folder, began = tmp_path / "jobs" / "a", tmp_path / "began"
    command = ("sh", "-c", 'echo once >>"$0"; echo event; echo trouble >&2; exit 3', began)
    for _ in range(2):
        assert shell(_START, folder, *command).returncode == 0
        while shell(_IS_RUNNING, folder).stdout:
            time.sleep(0.02)
    assert began.read_text() == "once\n"
    assert (folder / "events").read_text() == "event\n"
    assert (folder / "status").read_text() == "3\n"
    assert shell(_REASON, folder).stdout == "trouble\n"


@pytest.mark.parametrize(
    ("status", "reason"),
    [(None, "the job was killed"), ("\n", "No space left on device"), ("2\n", "last words")],
)
def test_the_reason_of_an_end_is_told(tmp_path, status, reason):
    folder = job(tmp_path, "a")
    (folder / "errors").write_text("first words\nlast words\n")
    if status is not None:
        (folder / "status").write_text(status)
    assert shell(_REASON, folder).stdout.splitlines()[-1] == reason
