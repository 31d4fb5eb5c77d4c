"""Texts to be answered, from a file: one a line, or rows with a `text` and perhaps a `pair`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from edgebert.errors import EdgebertError
from edgebert.evaluation.columns import USUAL, Columns, find_texts
from edgebert.evaluation.lines import decode_lines
from edgebert.evaluation.records import read_records

_WITH_COLUMNS = (".jsonl", ".ndjson", ".csv", ".tsv", ".json")


class Text(NamedTuple):
    """A text, or a text and its pair; `place` is file and line, for error messages."""

    text: str
    pair: str | None
    place: str


@contextlib.contextmanager
def open_texts(path: Path) -> Iterator[BinaryIO]:
    """Opens a file for `read_texts`.

    Raises:
        EdgebertError: it cannot be opened.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise EdgebertError(f"{path}: cannot read: {error.strerror}") from error
    with file:
        yield file


def read_texts(
    path: Path, file: BinaryIO, pair: str | None = None, columns: Columns = USUAL
) -> Iterator[Text]:
    """Reads UTF-8 texts.

    JSON Lines, JSON lists, CSV and TSV are told by their endings and have columns, of which one is
    the text and perhaps one the pair; blank lines are skipped. Of any other file each line is a
    text, an empty line too.

    Args:
        path: tells the format, and names the file in errors.
        file: the open file.
        pair: of the texts that have none.
        columns: names of columns that are not found by their usual names.

    Yields:
        Texts in the order of the file; memory does not grow with the file.

    Raises:
        EdgebertError: the file cannot be read, is not of its format, or a text is none; file and
            line are named.
    """
    try:
        lines = decode_lines(file, str(path))
        if path.suffix.lower() not in _WITH_COLUMNS:
            if columns != USUAL:
                raise EdgebertError(
                    f"{path}: has no column {columns.text or columns.names!r}, each line is a "
                    f"text; columns are named for {', '.join(_WITH_COLUMNS)}"
                )
            for number, line in enumerate(lines, 1):
                yield Text(line.rstrip("\r\n"), pair, f"{path}, line {number}")
            return
        names = None
        for number, record in read_records(path, lines, heading=columns.heading):
            place = f"{path}, line {number}"
            if names is None or names[0] not in record:
                names = _names(record, columns, place)
            yield _from_record(record, names, pair, place)
    except OSError as error:
        raise EdgebertError(f"{path}: cannot read: {error.strerror}") from error


def _names(record: Mapping[str, Any], columns: Columns, place: str) -> tuple[str, str]:
    try:
        text, pair = find_texts(list(record), columns)
    except EdgebertError as error:
        raise EdgebertError(f"{place}: {error}") from error
    return text, pair or "pair"  # which a later object of JSON Lines may have


def _from_record(
    record: Mapping[str, Any], names: tuple[str, str], usual_pair: str | None, place: str
) -> Text:
    text, pair = record[names[0]], record.get(names[1])
    if not isinstance(text, str):
        raise EdgebertError(f"{place}: {names[0]!r} is {text!r:.40}; a string is needed")
    if not isinstance(pair, str | None):
        raise EdgebertError(f"{place}: {names[1]!r} is {pair!r:.40}; a string is needed, or none")
    return Text(text, usual_pair if pair is None else pair, place)
