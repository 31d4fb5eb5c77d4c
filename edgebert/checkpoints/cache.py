"""Where downloaded files are kept, and how a damaged one is noticed.

Beside each file is its SHA-256 (`.sha256`, as `sha256sum` writes it). A download under way is
`.part`, with the server's ETag in `.etag`; an empty `.lock` keeps processes apart.
"""

from __future__ import annotations

import hashlib
import os
import re
import urllib.parse
from pathlib import Path

from edgebert.errors import EdgebertError


def cache_folder() -> Path:
    """`$EDGEBERT_CACHE`, or `edgebert` in the user's cache (`$XDG_CACHE_HOME` or `~/.cache`)."""
    if chosen := os.environ.get("EDGEBERT_CACHE"):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "edgebert"


def cached_path(url: str) -> Path:
    """Where the file of this URL is kept: under its own name, in a folder for its address.

    Raises:
        EdgebertError: not an HTTP address, or one that does not end in a plain file name.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not re.fullmatch(r"[!-~]+", url):
        raise EdgebertError(f"{url!r}: cannot download from here; an http or https URL is needed")
    name = urllib.parse.unquote(parts.path).rpartition("/")[2]
    if not re.fullmatch(r"\w[\w.+-]*", name, re.ASCII):
        raise EdgebertError(f"{url!r}: cannot download this; it must end in a plain file name")
    return cache_folder() / "downloads" / hashlib.sha256(url.encode()).hexdigest()[:16] / name


def sidecar(path: Path, suffix: str) -> Path:
    """The file beside `path` that has `suffix` on top of its name."""
    return path.with_name(path.name + suffix)


def seal(path: Path, sha256: str) -> None:
    """Writes down the hash that `is_whole` will compare with."""
    sidecar(path, ".sha256").write_text(f"{sha256}  {path.name}\n", encoding="ascii")


def is_whole(path: Path) -> bool:
    """Whether the file is there and still has the hash that was written down for it."""
    try:
        expected = sidecar(path, ".sha256").read_text(encoding="ascii").split()
        with path.open("rb") as file:
            digest = hashlib.sha256()
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except (OSError, UnicodeDecodeError):
        return False
    return expected[:1] == [digest.hexdigest()]


def discard(path: Path) -> None:
    """Takes a file, and what belongs to it, out of the cache."""
    for suffix in ("", ".sha256", ".part", ".etag"):
        sidecar(path, suffix).unlink(missing_ok=True)
