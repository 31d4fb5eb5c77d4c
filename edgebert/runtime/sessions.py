"""The sessions of one model: one from the start, more only while several threads work."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from edgebert.errors import EdgebertError
from edgebert.runtime.session import Session


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
        self._lock = threading.Lock()
        self._closed = False

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
