"""By what a file is known again."""

from __future__ import annotations

import hashlib
from pathlib import Path

from edgebert.errors import EdgebertError

_HEAD = 65_536
_PIECE = 1 << 20


def glance(path: Path) -> str:
    """Size, time of the last change and a hash of the beginning: quick for a file of any size."""
    status = path.stat()
    with path.open("rb") as file:
        head = hashlib.sha256(file.read(_HEAD)).hexdigest()
    return f"{status.st_size} bytes, changed at {status.st_mtime_ns} ns, head sha256 {head}"


def digest(path: Path) -> str:
    """A hash of all there is.

    Raises:
        EdgebertError: the file cannot be read.
    """
    found = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                found.update(piece)
    except OSError as error:
        raise EdgebertError(f"{path}: cannot read: {error.strerror}") from None
    return f"sha256 {found.hexdigest()}"
