"""Labelled texts from TSV, CSV and JSON Lines, one row at a time."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, NamedTuple, TypeAlias

from edgebert.errors import EdgebertError
from edgebert.evaluate.columns import USUAL, Columns, find_layout

_LONGEST_LINE = 1_000_000

_Record: TypeAlias = tuple[int, Mapping[str, Any]]
"""Number of the line it starts on, and its values by column."""


class Row(NamedTuple):
    """One labelled text or pair.

    Attributes:
        label: as written in the file; a number stays text.
        place: file and line, for error messages.
    """

    text: str
    pair: str | None
    label: str
    place: str


def read_rows(path: Path, columns: Columns = USUAL) -> Iterator[Row]:
    """Reads a data set, UTF-8, with named columns.

    The format is told by the ending (.tsv, .csv, .jsonl, .ndjson), else by the first line. In TSV
    quotes are ordinary characters, as in GLUE; in CSV they enclose fields. Blank lines are
    skipped.

    Args:
        path: the file.
        columns: names of columns that are not found by their usual names.

    Yields:
        Rows in the order of the file; memory does not grow with the file.

    Raises:
        EdgebertError: the file cannot be read, is not of its format, or a row lacks a column;
            file, line and column are named.
    """
    if path.exists() and not path.is_file():
        raise EdgebertError(f"{path}: not an ordinary file")
    try:
        with path.open("rb") as file:
            yield from _rows(path, file, columns)
    except OSError as error:
        raise EdgebertError(f"{path}: cannot read: {error.strerror}") from None


def _rows(path: Path, file: BinaryIO, columns: Columns) -> Iterator[Row]:
    raw = iter(lambda: file.readline(_LONGEST_LINE + 1), b"")
    lines = (_decode(path, number, line) for number, line in enumerate(raw, 1))
    first = next(lines, "")
    if not first.strip():
        raise EdgebertError(f"{path}: empty, or the first line is")
    records = _reader_for(path, first)(path, chain([first], lines))
    layout = None
    for number, record in records:
        place = f"{path}, line {number}"
        if layout is None:
            try:
                layout = find_layout(list(record), columns)
            except EdgebertError as error:
                raise EdgebertError(f"{path}: {error}") from None
        yield Row(
            _text(record, layout.text, place),
            None if layout.pair is None else _text(record, layout.pair, place),
            _label(record, layout.label, place),
            place,
        )


def _decode(path: Path, number: int, line: bytes) -> str:
    if len(line) > _LONGEST_LINE:
        raise EdgebertError(f"{path}, line {number}: longer than {_LONGEST_LINE:,} bytes")
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise EdgebertError(
            f"{path}, line {number}: not UTF-8 (byte 0x{line[error.start]:02X} "
            f"at position {error.start + 1}); convert the file to UTF-8"
        ) from None


def _read_tsv(path: Path, lines: Iterator[str]) -> Iterator[_Record]:
    fields = ((number, line.rstrip("\r\n")) for number, line in enumerate(lines, 1))
    yield from _under_header(path, ((number, line.split("\t")) for number, line in fields if line))


def _read_csv(path: Path, lines: Iterator[str]) -> Iterator[_Record]:
    reader = csv.reader(lines, strict=True)

    def numbered() -> Iterator[tuple[int, list[str]]]:
        start = 1
        for fields in reader:
            if fields:
                yield start, fields
            start = reader.line_num + 1

    try:
        yield from _under_header(path, numbered())
    except csv.Error as error:
        raise EdgebertError(f"{path}, line {reader.line_num}: not CSV: {error}") from None


def _read_jsonl(path: Path, lines: Iterator[str]) -> Iterator[_Record]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise EdgebertError(f"{path}, line {number}: not JSON: {error}") from None
        if not isinstance(record, dict):
            raise EdgebertError(
                f"{path}, line {number}: a JSON object is needed, "
                f'such as {{"text": "…", "label": "…"}}'
            )
        yield number, record


def _under_header(path: Path, lines: Iterator[tuple[int, Sequence[str]]]) -> Iterator[_Record]:
    _, header = next(lines)
    doubles = [name for name, count in Counter(header).items() if name and count > 1]
    if doubles:
        raise EdgebertError(f"{path}: two columns are named {doubles[0][:40]!r}")
    for number, fields in lines:
        if len(fields) != len(header):
            raise EdgebertError(
                f"{path}, line {number}: number of fields is {len(fields)}, "
                f"the header names {len(header)}"
            )
        yield number, dict(zip(header, fields, strict=True))


_READERS: Mapping[str, Callable[[Path, Iterator[str]], Iterator[_Record]]] = MappingProxyType(
    {".tsv": _read_tsv, ".csv": _read_csv, ".jsonl": _read_jsonl, ".ndjson": _read_jsonl}
)


def _reader_for(path: Path, first: str) -> Callable[[Path, Iterator[str]], Iterator[_Record]]:
    by_ending = _READERS.get(path.suffix.lower())
    if by_ending:
        return by_ending
    if first.lstrip().startswith("{"):
        return _read_jsonl
    return _read_tsv if "\t" in first else _read_csv


def _text(record: Mapping[str, Any], column: str, place: str) -> str:
    value = _value(record, column, place)
    if not isinstance(value, str):
        raise EdgebertError(f"{place}: {column!r} is {_show(value)}; a text is needed")
    return value


def _label(record: Mapping[str, Any], column: str, place: str) -> str:
    value = _value(record, column, place)
    if isinstance(value, bool):
        return str(int(value))
    if not isinstance(value, (str, int, float)) or value == "":
        raise EdgebertError(f"{place}: {column!r} is {_show(value)}; a label or number is needed")
    return str(value)


def _value(record: Mapping[str, Any], column: str, place: str) -> Any:
    try:
        return record[column]
    except KeyError:
        raise EdgebertError(f"{place}: no column {column!r}") from None


def _show(value: Any) -> str:
    return json.dumps(value)[:40] if value != "" else "empty"
