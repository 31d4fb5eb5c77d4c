"""Temporary folders beside an output; what killed processes left of them goes at the next run.

`kill -9` leaves behind what nobody deletes. So such a folder is locked for as long as its process
lives, which the system ends with the process, and its name is one of ours only:

    .NAME.MACHINE-PROCESS.RANDOM.part

Whoever writes NAME next deletes those whose lock is free. Some shared folders lock on each machine
by itself; there a free lock says nothing of another machine's, so these have to be a day old. Where
folders cannot be locked (Windows, NFS), everything stays.
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
from collections.abc import Iterator
from pathlib import Path

_DAY = 24 * 60 * 60  # seconds
_SUFFIX = ".part"


@contextlib.contextmanager
def temporary_folder(path: Path) -> Iterator[Path]:
    """Gives an empty folder beside `path`, which is gone at the end with all that is in it.

    Raises:
        OSError: it cannot be made.
    """
    _delete_abandoned(path)
    folder, handle = _make_locked(path)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def _make_locked(path: Path) -> tuple[Path, int | None]:
    prefix = f".{path.name}.{_machine()}-{os.getpid()}."
    while True:
        folder = Path(tempfile.mkdtemp(_SUFFIX, prefix, path.parent))
        try:
            return folder, _lock(folder)
        except (BlockingIOError, FileNotFoundError):  # taken for abandoned before it was locked
            continue


def _delete_abandoned(path: Path) -> None:
    """Deletes what dead processes left of earlier attempts to write `path`."""
    ours = re.compile(
        rf"\.{re.escape(path.name)}\.([0-9a-f]{{8}})-\d+\.\w{{8}}{re.escape(_SUFFIX)}"
    )
    with contextlib.suppress(OSError):  # the folder may be one that cannot be listed
        for name in os.listdir(path.parent):  # noqa: PTH208 -- a Path of each is ten times slower
            if match := ours.fullmatch(name):
                with contextlib.suppress(OSError):
                    _delete_if_abandoned(path.parent / name, match[1] == _machine())


def _delete_if_abandoned(folder: Path, made_here: bool) -> None:
    handle = _lock(folder)
    if handle is None:
        return
    try:
        if made_here or os.fstat(handle).st_mtime < time.time() - _DAY:
            shutil.rmtree(folder)
    finally:
        os.close(handle)


def _lock(folder: Path) -> int | None:
    """Opens and locks a folder until it is closed; None where there are no locks.

    Raises:
        BlockingIOError: another has locked it.
        OSError: it is gone, or no folder.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(handle), folder.lstat()):
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
