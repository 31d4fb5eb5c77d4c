"""A peer at work in its own process, as its caller sees it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from tools.peers.environments import Peer

WORKER = Path(__file__).with_name("worker.py")


class RunningPeer:
    """A worker process; a context manager.

    Attributes:
        binds: whether it can `invoke`.

    Raises:
        RuntimeError: the worker ended; with what it last said.
    """

    def __init__(self, peer: Peer, python: Path, model: Path, vocabulary: Path, log: Path) -> None:
        self._name = peer.name
        self._log = log
        with log.open("w") as stderr:
            self._process = subprocess.Popen(
                [python, WORKER, peer.engine, model, vocabulary],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        greeting: dict[str, Any] = self._reply()
        self.binds: bool = greeting["binds"]

    def answer(
        self, texts: Sequence[str]
    ) -> list[tuple[dict[str, float], npt.NDArray[np.float64]]]:
        """Microseconds by clock and the answer, for texts one after another."""
        return [(reply, np.array(reply.pop("answer"))) for reply in self._ask(texts=list(texts))]

    def invoke(self, ids: Sequence[int], repeats: int) -> dict[str, float]:
        """Microseconds a call by clock."""
        times: dict[str, float] = self._ask(ids=list(ids), repeats=repeats)
        return times

    def __enter__(self) -> RunningPeer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def _ask(self, **request: object) -> Any:
        if self._process.stdin is None:
            raise RuntimeError("started without pipes")
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._reply()

    def _reply(self) -> Any:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            self._process.wait()
            raise RuntimeError(f"{self._name} ended: {self._log.read_text()[-2000:]}")
        return json.loads(line)
