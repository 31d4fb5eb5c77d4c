"""Records by column from TSV, CSV, JSON Lines and JSON lists, one at a time."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from edgebert.errors import EdgebertError, RowError
from edgebert.evaluation.columns import USUAL, Columns
from edgebert.evaluation.json_list import read_json_list
from edgebert.evaluation.lines import read_lines
from edgebert.text_files import json_at, unrepeated

Record: TypeAlias = tuple[int, Mapping[str, Any]]
"""Number of the line it starts on, and its values by column."""
OnFault: TypeAlias = Callable[[RowError], None]
"""Told of a row that cannot be read; if it does not raise, the next one is read."""

_COLA = ("source", "label", "mark", "sentence")
_COLA_MARK = re.compile(r"[*?#%]*")


def raise_fault(error: RowError) -> None:
    """Ends reading at the first row that cannot be read."""
    raise error


def read_header(path: Path, columns: Columns = USUAL) -> list[str]:
    """Names of the columns; in JSON Lines those of the first object.

    Raises:
        EdgebertError: as `read_records`.
    """
    for _, record in read_records(path, read_lines(path), heading=columns.heading):
        return list(record)
    raise EdgebertError(f"{path}: has no rows")


def read_records(
    path: Path,
    lines: Iterator[str],
    on_fault: OnFault = raise_fault,
    heading: Sequence[str] | None = None,
) -> Iterator[Record]:
    """Rows of any columns, with the number of the line each starts on.

    Args:
        path: tells the format, and names the file in errors.
        lines: of the file.
        on_fault: of rows that cannot be read.
        heading: names of the columns of a CSV or TSV that does not begin with them; None: it does.

    Raises:
        EdgebertError: empty, or not of its format.
    """
    if path.suffix.lower() == ".json":
        _refuse_heading(path, heading)
        return read_json_list(path)
    first = next(lines, "")
    if not first.strip():
        raise EdgebertError(f"{path}: empty, or the first line is")
    reader = _reader_for(path, first)
    if reader is _read_jsonl:
        _refuse_heading(path, heading)
    return reader(path, chain([first], lines), on_fault, heading)


def _refuse_heading(path: Path, heading: Sequence[str] | None) -> None:
    if heading is not None:
        raise EdgebertError(f"{path}: columns are named for CSV and TSV; JSON names its own")


def _read_tsv(
    path: Path, lines: Iterator[str], on_fault: OnFault, heading: Sequence[str] | None
) -> Iterator[Record]:
    bare = ((number, line.rstrip("\r\n")) for number, line in enumerate(lines, 1))
    fields = ((number, line.split("\t")) for number, line in bare if line)
    first = next(fields)
    if heading is None and _is_cola(first[1]):
        heading = _COLA
    header = [] if heading is None else [(0, heading)]
    yield from _under_header(path, chain(header, [first], fields), on_fault)


def _read_csv(
    path: Path, lines: Iterator[str], on_fault: OnFault, heading: Sequence[str] | None
) -> Iterator[Record]:
    first = next(lines)
    reader = csv.reader(chain([first], lines), strict=True, delimiter=_delimiter(first, heading))

    def numbered() -> Iterator[tuple[int, Sequence[str]]]:
        if heading is not None:
            yield 0, heading
        start = 1
        for fields in reader:
            if fields:
                yield start, fields
            start = reader.line_num + 1

    try:
        yield from _under_header(path, numbered(), on_fault)
    except csv.Error as error:
        why = (
            "its lines end with CR alone; save it with LF or CRLF" if "\r" in first[:-2] else error
        )
        raise EdgebertError(f"{path}, line {reader.line_num}: not CSV: {why}") from error


def _delimiter(first: str, heading: Sequence[str] | None) -> str:
    """What stands between the fields of a CSV: a comma, or a semicolon where its heading has none.

    Without a heading, what makes as many fields of the first line as have names.
    """
    if heading is None:
        return ";" if ";" in first and "," not in first else ","
    fields = next(csv.reader([first], delimiter=";"), [])
    return ";" if len(fields) == len(heading) > 1 else ","


def _read_jsonl(
    path: Path, lines: Iterator[str], on_fault: OnFault, heading: Sequence[str] | None
) -> Iterator[Record]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = _json_object(line, f"{path}, line {number}")
        except RowError as error:
            on_fault(error)
        else:
            yield number, record


def _json_object(line: str, place: str) -> Mapping[str, Any]:
    with json_at(place):
        record = json.loads(line, object_pairs_hook=unrepeated)
    if not isinstance(record, dict):
        raise RowError(place, 'a JSON object is needed, such as {"text": "…", "label": "…"}')
    return record


def _is_cola(fields: Sequence[str]) -> bool:
    """Whether a first line is a row of CoLA: source, 0 or 1, the linguist's mark, sentence.

    No header looks like this: a column would be named 0 or 1, and another by a mark or not at all.
    """
    return (
        len(fields) == len(_COLA)
        and fields[1] in ("0", "1")
        and _COLA_MARK.fullmatch(fields[2]) is not None
    )


def _under_header(
    path: Path, lines: Iterator[tuple[int, Sequence[str]]], on_fault: OnFault
) -> Iterator[Record]:
    _, header = next(lines)
    doubles = [name for name, count in Counter(header).items() if name and count > 1]
    if doubles:
        raise EdgebertError(f"{path}: two columns are named {doubles[0][:40]!r}")
    for number, fields in lines:
        if number == 1 and list(fields) == list(header):  # which were given, then
            raise EdgebertError(f"{path}: begins with the names of its columns; do not give them")
        if len(fields) == len(header):
            yield number, dict(zip(header, fields, strict=True))
        else:
            on_fault(
                RowError(
                    f"{path}, line {number}",
                    f"number of fields is {len(fields)}, the header names {len(header)}",
                )
            )


_Reader: TypeAlias = Callable[
    [Path, Iterator[str], OnFault, Sequence[str] | None], Iterator[Record]
]

_READERS: Mapping[str, _Reader] = MappingProxyType(
    {".tsv": _read_tsv, ".csv": _read_csv, ".jsonl": _read_jsonl, ".ndjson": _read_jsonl}
)


def _reader_for(path: Path, first: str) -> _Reader:
    by_ending = _READERS.get(path.suffix.lower())
    if by_ending:
        return by_ending
    if first.lstrip().startswith("{"):
        return _read_jsonl
    return _read_tsv if "\t" in first else _read_csv
