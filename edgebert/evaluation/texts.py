"""Texts to be answered, from a file: one a line, or rows with a `text` and perhaps a `pair`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from edgebert.errors import EdgebertError
from edgebert.evaluation.lines import decode_lines
from edgebert.evaluation.readers import read_records

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


def read_texts(path: Path, file: BinaryIO, pair: str | None = None) -> Iterator[Text]:
    """Reads UTF-8 texts.

    JSON Lines, JSON lists, CSV and TSV are told by their endings and have a column `text`, and a
    column `pair` where the model takes pairs; blank lines are skipped. Of any other file each line
    is a text, an empty line too.

    Args:
        path: tells the format, and names the file in errors.
        file: the open file.
        pair: of the texts that have none.

    Yields:
        Texts in the order of the file; memory does not grow with the file.

    Raises:
        EdgebertError: the file cannot be read, is not of its format, or a text is none; file and
            line are named.
    """
    try:
        lines = decode_lines(file, str(path))
        if path.suffix.lower() not in _WITH_COLUMNS:
            for number, line in enumerate(lines, 1):
                yield Text(line.rstrip("\r\n"), pair, f"{path}, line {number}")
            return
        for number, record in read_records(path, lines):
            yield _from_record(record, pair, f"{path}, line {number}")
    except OSError as error:
        raise EdgebertError(f"{path}: cannot read: {error.strerror}") from error


def _from_record(record: Mapping[str, Any], usual_pair: str | None, place: str) -> Text:
    text, pair = record.get("text"), record.get("pair")
    if "text" not in record:
        found = ", ".join(map(repr, record))[:100]
        raise EdgebertError(f"{place}: no column 'text'; the columns are {found or 'none'}")
    if not isinstance(text, str):
        raise EdgebertError(f"{place}: 'text' is {text!r:.40}; a string is needed")
    if not isinstance(pair, str | None):
        raise EdgebertError(f"{place}: 'pair' is {pair!r:.40}; a string is needed, or none")
    return Text(text, usual_pair if pair is None else pair, place)
