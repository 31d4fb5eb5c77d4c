"""A corpus: a text file with one document a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from edgebert.errors import EdgebertError
from edgebert.evaluation.lines import (
    LONGEST_LINE,
    read_lines_and_offsets,
    refuse_unless_ordinary,
)
from edgebert.files import sha256_of


class Place(NamedTuple):
    """Where a document is: the byte at which its line begins, and the line's number from 1."""

    offset: int
    line: int


def read_documents(path: Path) -> Iterator[tuple[str, Place]]:
    """The documents of a file in their order; blank lines are none.

    Raises:
        EdgebertError: the file cannot be read, a line is too long or not UTF-8; it is named.
    """
    for number, (offset, line) in enumerate(read_lines_and_offsets(path), 1):
        if text := line.strip():
            yield text, Place(offset, number)


def document_at(path: Path, place: Place) -> str:
    """One document; what is no UTF-8 is replaced.

    Raises:
        EdgebertError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            file.seek(place.offset)
            line = file.readline(LONGEST_LINE)
    except OSError as error:
        raise EdgebertError(f"{path}: cannot read: {error.strerror}") from error
    return line.decode("utf-8-sig", "replace").strip()


def fingerprint(path: Path) -> bytes:
    """SHA-256 of a file.

    Raises:
        EdgebertError: it cannot be read.
    """
    refuse_unless_ordinary(path)
    return bytes.fromhex(sha256_of(path))
