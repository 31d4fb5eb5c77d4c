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
    plain: bool | None = None
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
        tag = fields[-1]
        if tag != OUTSIDE:
            plain = not is_tag(tag) if plain is None else plain
            _check_kind(tag, place, plain=plain)
        start = start if words else number
        words.append(fields[0])
        tags.append(f"I-{tag}" if plain and tag != OUTSIDE else tag)
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


def _check_kind(tag: str, place: str, *, plain: bool) -> None:
    """Refuses a tag with a prefix among such without, or the other way round."""
    if is_tag(tag) == plain:
        now, before = ("has no", "have one") if not plain else ("has a", "have none")
        raise EdgebertError(
            f"{place}: {tag[:40]!r} {now} B-, I-, E- or S- before its label, and the tags before "
            f"it {before}; a file has either"
        )
