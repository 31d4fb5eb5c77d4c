"""Opens the kind of session a file needs; and lends several of them while several threads work."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from edgebert.errors import EdgebertError
from edgebert.runtime.dynamic_session import DynamicSession
from edgebert.runtime.engines import open_interpreter
from edgebert.runtime.forking import fork_safe_lock, refuse_after_fork
from edgebert.runtime.session import Session
from edgebert.support import AcceleratorName, EngineName

if TYPE_CHECKING:
    from pathlib import Path

    from edgebert.model_file.fixed_graphs import FixedGraphs


def open_session(
    path: str | Path,
    *,
    max_length: int,
    fixed: FixedGraphs | None = None,
    engine: EngineName = "auto",
    threads: int = 1,
    needs: str = "0",
    step: int = 4,
    accelerator: AcceleratorName = "cpu",
    hidden: bool = False,
) -> Session:
    """Opens a .tflite.

    Args:
        path: the file; its record is not read.
        max_length: most tokens, of a file that takes any length.
        fixed: what the record of a file with graphs of fixed lengths says of them.
        engine: see `engines.open_interpreter`.
        threads: of one inference.
        needs: TFLite version that the file needs.
        step: lengths are rounded up to a multiple of it, and then to one that the file has.
            Kernels take four rows at a time (AVX2, NEON), so four tokens cost what one does.
        accelerator: "gpu" runs on it what it takes, by LiteRT; files of fixed lengths alone.
        hidden: of a teachable classifier: put the hidden state behind its scores.

    Raises:
        EdgebertError: no engine opens the file, or its inputs are not ours.
    """
    if accelerator == "gpu":
        from edgebert.runtime.accelerator import open_on_gpu

        name, interpreter = open_on_gpu(path, fixed, engine=engine, threads=threads)
    else:
        name, interpreter = open_interpreter(path, engine=engine, threads=threads, needs=needs)
    session: Session
    if fixed is None:
        session = DynamicSession(
            path, name, interpreter, max_length=max_length, step=step, hidden=hidden
        )
    else:
        from edgebert.runtime.fixed_session import FixedSession

        session = FixedSession(path, name, interpreter, fixed=fixed, step=step)
    if threads > 1:
        refuse_after_fork(session)
    return session


class Sessions:
    """Lends sessions of the same file; as many are open as were ever lent at once.

    They map the same file, but each holds its own activations and its own copy of the weights as
    the engine packs them.

    Attributes:
        first: the session that is there from the start; it is lent like the others, and shared
            with whoever uses it directly.

    Args:
        open_session: opens one more.
    """

    def __init__(self, open_session: Callable[[], Session]) -> None:
        self._open = open_session
        self.first = open_session()
        self._all = [self.first]
        self._idle = [self.first]
        self._lock = fork_safe_lock("sessions")
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def __len__(self) -> int:
        """Number of open sessions."""
        return len(self._all)

    @contextlib.contextmanager
    def borrow(self) -> Iterator[Session]:
        """Lends a session that nobody else has borrowed.

        Raises:
            EdgebertError: the model is closed.
        """
        with self._lock:
            if self._closed:
                raise EdgebertError("the model is closed")
            if not self._idle:
                self._all.append(self._open())
                self._idle.append(self._all[-1])
            session = self._idle.pop()
        try:
            yield session
        finally:
            with self._lock:
                self._idle.append(session)

    def close(self) -> None:
        """Closes them all, those on loan included; they cannot be used any more."""
        with self._lock:
            self._closed = True
            for session in self._all:
                session.close()
