"""Starts a job, or finds one already started, and passes on what it prints until it ends.

Usage: follow.py FOLDER OFFSET COMMAND… . The job outlives this program, so that after a lost
connection another one can go on at OFFSET. Ends with the job's exit status.
"""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

PAUSE = 0.5
"""Seconds between two looks: short for a display, long enough not to disturb a benchmark."""

# The status appears in one piece, and after everything that the job printed.
KEEP_STATUS = '"$@" >events 2>errors; echo $? >status.part; mv status.part status'


def main() -> None:
    """Does what the module says."""
    folder, offset, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    os.chdir(folder)
    if not Path("pid").exists():
        start(command)
    follow(offset, int(Path("pid").read_text()))
    sys.stderr.write(Path("errors").read_text(errors="replace")[-2000:])
    status = Path("status")
    sys.exit(ended(status.read_text()) if status.exists() else "the job was killed")


def ended(status: str) -> int | str:
    """The job's exit status; a full disk leaves none."""
    return int(status) if status.strip() else "No space left on device"


def start(command: list[str]) -> None:
    """Starts the job in a session of its own, which no hang-up reaches."""
    for name in ("events", "errors"):
        Path(name).touch()
    job = subprocess.Popen(  # noqa: S603
        ["sh", "-c", KEEP_STATUS, "sh", *command],  # noqa: S607
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    Path("pid.part").write_text(str(job.pid))
    Path("pid.part").replace("pid")


def follow(offset: int, pid: int) -> None:
    """Passes on the events from `offset`, until the job has ended."""
    with Path("events").open("rb") as events:
        events.seek(offset)
        over = False
        while not over:
            # Looked at before reading: then everything printed is there.
            over = Path("status").exists() or not alive(pid)
            sys.stdout.buffer.write(events.read())
            sys.stdout.buffer.flush()
            if not over:
                time.sleep(PAUSE)


def alive(pid: int) -> bool:
    """Whether the job still runs; after a restart its number may be another program's."""
    with contextlib.suppress(ChildProcessError):  # of an earlier one of these programs
        os.waitpid(pid, os.WNOHANG)  # else it would stay as a zombie
    try:
        os.kill(pid, 0)
        works_in = Path(f"/proc/{pid}/cwd")
        return not works_in.is_symlink() or works_in.samefile(".")
    except OSError:
        return False


if __name__ == "__main__":
    main()
