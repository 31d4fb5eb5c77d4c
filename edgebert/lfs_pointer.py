"""Git LFS pointers: three lines of text that stand for a file until `git lfs pull` brings it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgebert.errors import EdgebertError

if TYPE_CHECKING:
    import os

_BEGINNING = b"version https://git-lfs.github.com/spec/"


def refuse_lfs_pointer(
    path: str | os.PathLike[str], content: bytes | memoryview, what: str = "the weights"
) -> None:
    """Says so where a file that was to be read is only a pointer to it.

    Args:
        path: the file, for the error.
        content: its first bytes, 40 at least where it has so many.
        what: was not downloaded.

    Raises:
        EdgebertError: it is a pointer.
    """
    if bytes(content[: len(_BEGINNING)]) == _BEGINNING:
        verb = "were" if what.endswith("s") else "was"
        raise EdgebertError(
            f"{path}: is a Git LFS pointer, {what} {verb} not downloaded; run git lfs pull"
        )
