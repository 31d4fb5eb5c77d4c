"""A measuring process, seen from the one that asks it."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from types import TracebackType
from typing import IO, Any, TypeAlias, cast

from edgebert.benchmarking.setting import Setting
from edgebert.errors import EdgebertError

Program: TypeAlias = tuple[str, ...]
"""A command that serves a setting (see `worker_protocol.serve`)."""

WORKER: Program = (sys.executable, "-m", "edgebert.benchmarking.worker")
COMPILED_WORKER: Program = (sys.executable, "-m", "edgebert.benchmarking.compiled_worker")

_SECONDS_TO_END = 10


class Process:
    """Starts a process for a setting.

    Args:
        program: see `Program`.
        setting: what it loads.
        name: of the model, for messages.

    Attributes:
        started: the first thing it told.

    Raises:
        EdgebertError: it refuses the setting, or it crashes.
    """

    def __init__(self, program: Program, setting: Setting, name: str) -> None:
        self._name = name
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115
        self._child = subprocess.Popen(  # noqa: S603
            program,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
            encoding="utf-8",
        )
        self._to = cast("IO[str]", self._child.stdin)
        self._from = cast("IO[str]", self._child.stdout)
        try:
            self.started = self._exchange(setting.to_line())
        except BaseException:
            self.close()
            raise

    def ask(self, do: str, **what: Any) -> Mapping[str, Any]:
        """What it answers to a request.

        Raises:
            EdgebertError: wrong input, or it crashes.
        """
        return self._exchange(json.dumps({"do": do, **what}) + "\n")

    def close(self) -> None:
        """Ends it."""
        with contextlib.suppress(OSError):
            self._to.close()
        try:
            self._child.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._from.close()
        self._complaints.close()

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._child.kill()
        self.close()

    def _exchange(self, line: str) -> Mapping[str, Any]:
        with contextlib.suppress(BrokenPipeError):  # reading tells why
            self._to.write(line)
            self._to.flush()
        answer = self._from.readline()
        if not answer:
            raise EdgebertError(f"{self._name}: {self._end()}")
        value: dict[str, Any] = json.loads(answer)
        if "error" in value:
            raise EdgebertError(f"{self._name}: {value['error']}")
        return value

    def _end(self) -> str:
        """How the process ended, with the last thing it complained of."""
        status = self._child.wait()
        self._complaints.seek(0)
        last = self._complaints.read().decode(errors="replace").strip().rpartition("\n")[2][:200]
        ended = signal.Signals(-status).name if status < 0 else f"status {status}"
        hint = "; is there enough memory?" if status == -signal.SIGKILL else ""
        return f"its process ended with {ended}{hint}{f': {last}' if last else ''}"
