"""Receives one file from the standard input stream, goes on where an earlier try broke off.

Usage: receive.py PATH SIZE SHA256. Prints how many bytes are there already, then reads the rest;
at the end prints "ok" or "damaged".
"""

import hashlib
import os
import sys
from pathlib import Path


def main() -> None:
    """Does what the module says."""
    path, size, sha256 = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    part = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = digest(path) == sha256
    if not whole:
        if length(part) > size:
            part.unlink()
        say(length(part))
        append(part)
        whole = digest(part) == sha256
        if whole:
            part.replace(path)
        elif length(part) >= size:
            part.unlink()
    else:
        say(size)
    say("ok" if whole else "damaged")


def append(part: Path) -> None:
    """Adds what comes from the standard input stream, as it comes."""
    with part.open("ab") as file:
        while chunk := os.read(sys.stdin.fileno(), 1 << 18):
            file.write(chunk)


def length(path: Path) -> int:
    """Bytes; 0 where it is not there."""
    return path.stat().st_size if path.exists() else 0


def digest(path: Path) -> str:
    """SHA-256; empty where it is not there."""
    if not path.exists():
        return ""
    state = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            state.update(chunk)
    return state.hexdigest()


def say(what: object) -> None:
    """Prints a line at once."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
