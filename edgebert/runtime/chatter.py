"""Keeps from the user what an engine tells on stderr when all is well.

The engine has no switch for it: the line is written by its C++ to file descriptor 2.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from edgebert.runtime.forking import fork_safe_lock

_STDERR = 2
_CHATTER = frozenset({b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU."})

# Two redirections at once would leave stderr where the first put it.
_lock = fork_safe_lock("stderr")


@contextlib.contextmanager
def quiet(*, pass_on: bool = True, captured: bytearray | None = None) -> Iterator[None]:
    """Holds back what is written to stderr within, and passes all but chatter on at the end.

    Args:
        pass_on: False: all of it is chatter, as when a large library is imported.
        captured: takes what was written, however the block ends.

    What another thread writes meanwhile comes a few milliseconds late. Where the block fails
    nothing is passed on, since the engine's exceptions tell what it wrote.
    """
    with _lock:
        try:
            kept = os.dup(_STDERR)
        except OSError:  # closed: nobody reads it
            yield
            return
        held = _open_file()
        os.dup2(held, _STDERR)
        try:
            yield
        except BaseException:
            _keep(held, captured)
            os.ftruncate(held, 0)
            raise
        finally:
            os.dup2(kept, _STDERR)
            os.close(kept)
            _keep(held, captured)
            if pass_on:
                _pass_on(held)
            os.close(held)


def _open_file() -> int:
    """A file without a name."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("stderr")
    import tempfile  # takes milliseconds, and Linux does not need it

    handle, name = tempfile.mkstemp()
    with contextlib.suppress(OSError):
        os.unlink(name)  # noqa: PTH108 (pathlib takes milliseconds, too)
    return handle


def _keep(held: int, captured: bytearray | None) -> None:
    if captured is not None:
        captured += os.pread(held, os.fstat(held).st_size, 0)


def _pass_on(held: int) -> None:
    size = os.lseek(held, 0, os.SEEK_END)
    if size:
        os.lseek(held, 0, os.SEEK_SET)
        lines = os.read(held, size).splitlines(keepends=True)
        rest = b"".join(line for line in lines if line.strip() not in _CHATTER)
        with contextlib.suppress(OSError):
            os.write(_STDERR, rest)
