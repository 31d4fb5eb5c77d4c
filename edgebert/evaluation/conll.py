"""Tagged sentences from CoNLL columns: a word and its tag a line, a blank line after a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from edgebert.errors import EdgebertError
from edgebert.evaluation.entities import OUTSIDE, is_tag
from edgebert.evaluation.lines import read_lines

MOST_WORDS = 10_000
"""Of one sentence; more means that the blank lines are missing."""

_DOCUMENT = "-DOCSTART-"


class Sentence(NamedTuple):
    """Words with a tag each (see `entities.is_tag`).

    Attributes:
        place: file and first line, for error messages.
    """

    words: tuple[str, ...]
    tags: tuple[str, ...]
    place: str


def read_conll(path: Path) -> Iterator[Sentence]:
    """Reads sentences; the word is the first column and the tag the last.

    Columns are separated by spaces or tabs. Lines that begin with -DOCSTART- are no sentences. Tags
    without B- and I- (`PER`, `O`) are read as I-: neighbours with the same label are one entity.

    Raises:
        EdgebertError: the file cannot be read, has no sentence, a line has a single column or
            another number of them than the lines before, or a tag with B- or the like and others
            have none; it is named.
    """
    words: list[str] = []
    tags: list[str] = []
    start = columns = 0
    prefixed = Prefixes()
    for number, line in enumerate(read_lines(path), 1):
        fields = line.replace("\t", " ").strip(" \r\n").split(" ")
        fields = [field for field in fields if field]
        if not fields or fields[0] == _DOCUMENT:
            if words:
                yield Sentence(tuple(words), tuple(tags), f"{path}, line {start}")
            words, tags = [], []
            continue
        columns = columns or len(fields)
        place = f"{path}, line {number}"
        _check(fields, columns, len(words), place)
        start = start if words else number
        words.append(fields[0])
        tags.append(prefixed(fields[-1], place))
    if words:
        yield Sentence(tuple(words), tuple(tags), f"{path}, line {start}")
    if not columns:
        raise EdgebertError(f"{path}: has no sentences")


def _check(fields: list[str], columns: int, words: int, place: str) -> None:
    if len(fields) < 2:
        raise EdgebertError(f"{place}: one column; a word and a tag are needed")
    if len(fields) != columns:
        raise EdgebertError(f"{place}: number of columns is {len(fields)}, before it was {columns}")
    if words >= MOST_WORDS:
        raise EdgebertError(
            f"{place}: a sentence of more than {MOST_WORDS:,} words; blank lines end sentences"
        )


class Prefixes:
    """Tags of one file with a prefix each: those of a file without any are read as I-."""

    def __init__(self) -> None:
        self._plain: bool | None = None

    def __call__(self, tag: str, place: str) -> str:
        """The tag as `entities.is_tag` knows it.

        Raises:
            EdgebertError: it has a prefix and those before have none, or the other way round.
        """
        if tag == OUTSIDE:
            return tag
        if self._plain is None:
            self._plain = not is_tag(tag)
        if is_tag(tag) == self._plain:
            now, before = ("has a", "have none") if self._plain else ("has no", "have one")
            raise EdgebertError(
                f"{place}: {tag[:40]!r} {now} B-, I-, E- or S- before its label, and the tags "
                f"before it {before}; a file has either"
            )
        return f"I-{tag}" if self._plain else tag
