"""Lets a process be forked while its threads answer: a fork waits for the answers that are running.

A child has one thread only. What another thread held or had half done at the fork would stay so in
the child for ever, and its first answer would wait for it. So the locks of all models are taken
before a fork and given back after it, in the parent and in the child.

The threads that an engine uses within one answer are not in the child either: models loaded with
`threads` above 1 are refused there.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeAlias

from edgebert.errors import EdgebertError

if TYPE_CHECKING:
    from edgebert.runtime.session import Session

Rank: TypeAlias = Literal["sessions", "session", "stderr"]
"""What a lock guards. Who holds one takes only those of later ranks."""

_RANKS: tuple[Rank, ...] = ("sessions", "session", "stderr")
_locks: dict[Rank, weakref.WeakSet[Any]] = {rank: weakref.WeakSet() for rank in _RANKS}
_threaded: weakref.WeakSet[Session] = weakref.WeakSet()
_one_fork = threading.RLock()
_taken: list[Any] = []


def fork_safe_lock(rank: Rank) -> Any:
    """A reentrant lock that no other thread holds when the process is forked."""
    lock = threading.RLock()
    _locks[rank].add(lock)
    return lock


def refuse_after_fork(session: Session) -> None:
    """Makes a session an error in processes forked from now on: it has threads of its own."""
    _threaded.add(session)


class _UnusableAfterFork:
    """Stands in a child for what runs the graph, which must neither be used nor freed there."""

    def __init__(self, runs_the_graph: Any) -> None:
        import ctypes  # few fork, and fewer with such a model

        # Freed as Python ends (3.14 does so), it would wait for threads that are not there.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(runs_the_graph))

    def __getattr__(self, name: str) -> NoReturn:
        raise EdgebertError(
            "the model was loaded with several threads, which a forked process does not have; "
            "load it there, or with threads=1"
        )


def _before() -> None:
    _one_fork.acquire()
    for rank in _RANKS:
        for lock in list(_locks[rank]):
            lock.acquire()
            _taken.append(lock)


def _after() -> None:
    while _taken:
        _taken.pop().release()
    _one_fork.release()


def _after_in_child() -> None:
    _after()
    for session in list(_threaded):
        session.watch(_UnusableAfterFork)


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_after_in_child)
