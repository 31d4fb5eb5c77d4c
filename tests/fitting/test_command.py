"""Commands as children: their status, their time, and their parent's end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgebert.errors import CheckFailedError, EdgebertError
from edgebert.fitting import command as command_module
from edgebert.fitting.command import OutOfTimeError, as_line, run_command


def test_what_is_printed_is_given(classifier):
    assert run_command(["inspect", str(classifier), "--json"])["record"]["task"] == "classify"


def test_status_2_is_an_error_and_1_a_failed_check(tmp_path):
    with pytest.raises(EdgebertError, match="edgebert inspect nowhere --json: ended with status 2"):
        run_command(["inspect", "nowhere", "--json"])
    (tmp_path / "data.tsv").write_text("text\tlabel\na b c\tx\nd e f\tX\n")
    with pytest.raises(CheckFailedError, match="failed, as told above"):
        run_command(["check-data", str(tmp_path / "data.tsv"), "--json"])


def test_a_command_is_stopped_when_its_time_is_over(monkeypatch):
    monkeypatch.setattr(command_module.sys, "executable", str(slow_program()))
    with pytest.raises(OutOfTimeError):
        run_command(["x"], seconds=0.2)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a child inherits what is ignored")
def test_a_command_heeds_an_interrupt_where_its_parent_ignores_them(monkeypatch):
    monkeypatch.setattr(command_module.sys, "executable", str(slow_program()))
    monkeypatch.setattr(command_module, "_PATIENCE", 2.0)
    monkeypatch.setattr(subprocess.Popen, "kill", lambda self: pytest.fail("it had to be killed"))
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as under nohup
    try:
        with pytest.raises(OutOfTimeError):
            run_command(["x"], seconds=0.5)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_command_is_told_as_one_types_it():
    assert as_line(["evaluate", "a b.tflite"]) == "edgebert evaluate 'a b.tflite'"


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux'")
def test_a_child_ends_with_its_parent_however_that_ends(tmp_path):
    code = (
        "import sys\n"
        "from edgebert.fitting import command\n"
        f"sys.executable = {str(slow_program())!r}\n"
        "command.run_command([sys.argv[1]])\n"
    )
    root = Path(command_module.__file__).parents[2]
    mark = str(tmp_path / "pid")
    parent = subprocess.Popen(
        [sys.executable, "-c", code, mark], env={**os.environ, "PYTHONPATH": str(root)}
    )
    child = int(wait_for(lambda: Path(mark).exists() and Path(mark).read_text().strip()))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    wait_for(lambda: not is_alive(child))


def slow_program():
    """A program in the place of Python that notes its number and sleeps."""
    return Path(__file__).parent / "slow_program.sh"


def is_alive(number):
    status = Path(f"/proc/{number}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_for(condition):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("waited for nothing")
