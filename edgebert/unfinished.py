"""Temporary files and folders beside an output; what killed processes left goes at the next run.

`kill -9` leaves behind what nobody deletes. So an unfinished file is locked for as long as its
process lives, which the system ends with the process, and its name is one of ours only:

    .NAME.MACHINE-PROCESS.RANDOM.part

Whoever writes NAME next deletes those whose lock is free. Some shared folders lock on each machine
by itself; there a free lock says nothing of another machine's files, so these have to be a day old.
Where there are no such locks (Windows), everything stays.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

_DAY = 24 * 60 * 60  # seconds
_SUFFIX = ".part"


@contextlib.contextmanager
def temporary_file(path: Path) -> Iterator[Path]:
    """Gives an empty file beside `path`, which is gone at the end unless it was renamed.

    Whoever fills it writes into it: another file renamed to its name would not be locked.

    Raises:
        OSError: it cannot be made.
    """
    with _locked_new(path, _make_file) as part:
        try:
            yield part
        finally:
            part.unlink(missing_ok=True)


@contextlib.contextmanager
def temporary_folder(path: Path) -> Iterator[Path]:
    """Gives an empty folder beside `path`, which is gone at the end with all that is in it.

    Raises:
        OSError: it cannot be made.
    """
    with _locked_new(path, _make_folder) as part:
        try:
            yield part
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _make_file(prefix: str, folder: Path) -> Path:
    handle, name = tempfile.mkstemp(_SUFFIX, prefix, folder)
    os.close(handle)
    return Path(name)


def _make_folder(prefix: str, folder: Path) -> Path:
    return Path(tempfile.mkdtemp(_SUFFIX, prefix, folder))


@contextlib.contextmanager
def _locked_new(path: Path, make: Callable[[str, Path], Path]) -> Iterator[Path]:
    _delete_abandoned(path)
    while True:
        part = make(f".{path.name}.{_machine()}-{os.getpid()}.", path.parent)
        try:
            handle = _lock(part)
            break
        except (BlockingIOError, FileNotFoundError):  # taken for abandoned before it was locked
            continue
    try:
        yield part
    finally:
        if handle is not None:
            os.close(handle)


def _delete_abandoned(path: Path) -> None:
    """Deletes what dead processes left of earlier attempts to write `path`."""
    ours = re.compile(
        rf"\.{re.escape(path.name)}\.([0-9a-f]{{8}})-\d+\.\w{{8}}{re.escape(_SUFFIX)}"
    )
    with contextlib.suppress(OSError):  # the folder may be one that cannot be listed
        for each in path.parent.iterdir():
            if match := ours.fullmatch(each.name):
                with contextlib.suppress(OSError):
                    _delete_if_abandoned(each, match[1] == _machine())


def _delete_if_abandoned(part: Path, made_here: bool) -> None:
    handle = _lock(part)
    if handle is None:
        return
    try:
        if not made_here and os.fstat(handle).st_mtime > time.time() - _DAY:
            return
        if part.is_dir():
            shutil.rmtree(part)
        else:
            part.unlink()
    finally:
        os.close(handle)


def _lock(part: Path) -> int | None:
    """Opens and locks a file or folder until it is closed; None where there are no locks.

    Raises:
        BlockingIOError: another has locked it.
        OSError: it is gone, or cannot be opened.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    handle = os.open(part, (os.O_RDONLY if part.is_dir() else os.O_RDWR) | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(handle), part.lstat()):
            raise FileNotFoundError
    except (BlockingIOError, FileNotFoundError):
        os.close(handle)
        raise
    except OSError:
        os.close(handle)
        return None
    return handle


def _machine() -> str:
    """A short name of this machine."""
    import platform  # takes milliseconds, and only who writes needs it

    return f"{zlib.crc32(platform.node().encode()):08x}"
