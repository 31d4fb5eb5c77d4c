"""Runs the plain commands that the steps consist of, each in a process of its own."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgebert.errors import CheckFailedError, EdgebertError

_DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of Linux' prctl."""
_CHECK_FAILED = 1
_PATIENCE = 60.0


class OutOfTimeError(Exception):
    """A command did not end in the time it was given."""


def as_line(command: Sequence[str]) -> str:
    """A command as one types it."""
    return shlex.join(["edgebert", *command])


def run_command(
    command: Sequence[str], *, lock: int | None = None, seconds: float | None = None
) -> Any:
    """What a command prints as JSON; what it tells on stderr is passed on.

    Args:
        command: the verb and its arguments, with `--json` among them.
        lock: open file that the process is to keep.
        seconds: after so many it is told to stop.

    Raises:
        CheckFailedError: it ended with status 1.
        EdgebertError: it ended otherwise than well, and has said why.
        OutOfTimeError: it was told to stop.
    """
    process = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", "edgebert", *command],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([_HOME, *_given_path()])},
        pass_fds=() if lock is None else (lock,),
        preexec_fn=_prepare_child if sys.platform == "linux" else None,
        text=True,
    )
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        _stop(process)
        raise OutOfTimeError from error
    except BaseException:
        _stop(process)
        raise
    if process.returncode == _CHECK_FAILED:
        raise CheckFailedError(f"{as_line(command)}: failed, as told above")
    if process.returncode:
        raise EdgebertError(
            f"{as_line(command)}: ended with status {process.returncode}, as told above; once that "
            "is mended, the same edgebert fit goes on from here"
        )
    return json.loads(output)


_HOME = str(Path(__file__).parents[2])
"""Where this package is, so that children run the same one wherever they are started."""


def _given_path() -> list[str]:
    given = os.environ.get("PYTHONPATH", "")
    return [each for each in given.split(os.pathsep) if each and each != _HOME]


def _stop(process: subprocess.Popen[str]) -> None:
    """Asks as Ctrl-C does, so that it leaves nothing half-written, and then insists."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _prepare_child() -> None:
    """Of the child: it heeds SIGINT under nohup too, and the kernel ends it with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
