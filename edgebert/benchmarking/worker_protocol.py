"""What measuring processes share: a setting comes in on stdin, JSON lines go out on stdout."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from edgebert.benchmarking.setting import Setting
from edgebert.errors import EdgebertError

Send: TypeAlias = Callable[[dict[str, Any]], None]

_WRONG_INPUT = 2


def serve(work: Callable[[Setting, Send], None]) -> int:
    """Does the work for the setting on stdin.

    Returns:
        The exit status: 2 for wrong input, whose {"error": one line} is then sent.
    """
    send = _take_stdout()
    setting = Setting.from_line(sys.stdin.readline())
    try:
        stay_on(setting.cores)
        work(setting, send)
    except EdgebertError as error:
        send({"error": str(error)})
        return _WRONG_INPUT
    return 0


def stay_on(cores: Sequence[int] | None) -> None:
    """Keeps this process, and all threads it will have, on some cores.

    Raises:
        EdgebertError: the system does not let it.
    """
    if cores is None:
        return
    if not hasattr(os, "sched_setaffinity"):  # macOS, Windows
        raise EdgebertError(f"cores: {sys.platform} does not let a program choose its cores")
    try:
        os.sched_setaffinity(0, cores)
    except OSError as error:
        raise EdgebertError(f"cores {list(cores)}: not allowed here: {error.strerror}") from error


def _take_stdout() -> Send:
    """Gives what writes to stdout; all else that is written there goes to stderr from now on."""
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def send(value: dict[str, Any]) -> None:
        lines.write(json.dumps(value) + "\n")
        lines.flush()

    return send
