"""By what a file is known again."""

from __future__ import annotations

import hashlib
from pathlib import Path

from edgebert.files import sha256_of

_HEAD = 65_536


def quick_fingerprint(path: Path) -> str:
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
    return f"sha256 {sha256_of(path)}"
