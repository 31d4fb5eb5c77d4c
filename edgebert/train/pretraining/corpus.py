"""Plain text of any size, a line at a time: sentences, and where one document ends."""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from edgebert.errors import EdgebertError
from edgebert.evaluation.texts import open_texts, read_texts

_SECTION = 8  # lines that are held out together at most, so that they still follow each other
_GZIP = ".gz"


class CorpusLine(NamedTuple):
    """A line of a corpus.

    Attributes:
        text: empty where a document ends.
        held_out: it is for evaluation, not for training.
    """

    text: str
    held_out: bool


def read_corpus(files: Iterable[Path], held_out: float = 0.0) -> Iterator[CorpusLine]:
    """The lines of all files. A blank line, or the end of a file, ends a document.

    Files are plain text, or have a column `text` (.jsonl, .csv, .tsv); each may be compressed
    (.gz). Memory does not grow with them.

    Args:
        files: in order.
        held_out: share of the text that is held out, in sections of one document. Which ones
            follows from their numbers alone.

    Raises:
        EdgebertError: a file cannot be read, is damaged or not UTF-8; file and line are named.
    """
    section = lines = 0
    for path in files:
        for text in _texts(path):
            if not text and not lines:
                continue  # the document has ended already
            yield CorpusLine(text, _is_held_out(section, held_out))
            lines = lines + 1 if text else 0
            if not text or lines % _SECTION == 0:
                section += 1
        yield CorpusLine("", False)
        section, lines = section + 1, 0


def _texts(path: Path) -> Iterator[str]:
    with open_texts(path) as raw:
        is_compressed = path.suffix.lower() == _GZIP
        file = cast("BinaryIO", _Compressed(path, raw)) if is_compressed else raw
        # Compressed or not, the ending before tells the format.
        for text, _, _ in read_texts(path.with_suffix("") if is_compressed else path, file):
            yield text.strip()


class _Compressed(gzip.GzipFile):
    def __init__(self, path: Path, file: BinaryIO) -> None:
        super().__init__(fileobj=file)
        self._path = path

    def readline(self, size: int | None = -1) -> bytes:
        try:
            return super().readline(size)
        except (OSError, EOFError, zlib.error) as error:
            raise EdgebertError(f"{self._path}: damaged, or not compressed: {error}") from error


def _is_held_out(section: int, share: float) -> bool:
    """Evenly spread, and the first one always: a small corpus has something held out too."""
    return math.floor(section * share) > math.floor((section - 1) * share)


def corpus_texts(files: Iterable[Path]) -> Iterator[str]:
    """All lines that are not blank."""
    return (line.text for line in read_corpus(files) if line.text)
