"""Labelled texts and queries from TSV, CSV and JSON Lines, one row at a time."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias, TypeVar

from edgebert.errors import EdgebertError, RowError
from edgebert.evaluation.class_names import class_names, named
from edgebert.evaluation.columns import USUAL, Columns, find_layout, find_query_layout
from edgebert.evaluation.json_list import read_json_list
from edgebert.evaluation.lines import read_lines
from edgebert.text_files import unrepeated

Record: TypeAlias = tuple[int, Mapping[str, Any]]
"""Number of the line it starts on, and its values by column."""
OnFault: TypeAlias = Callable[[RowError], None]
"""Told of a row that cannot be read; if it does not raise, the next one is read."""

_Layout = TypeVar("_Layout")

_COLA = ("source", "label", "mark", "sentence")
_COLA_MARK = re.compile(r"[*?#%]*")
_BETWEEN_LABELS = "|"


class Row(NamedTuple):
    """One labelled text or pair.

    Attributes:
        label: as written in the file; a number stays text. Where a row may have several labels, or
            none: all of them with `|` between them.
        place: file and line, for error messages.
    """

    text: str
    pair: str | None
    label: str
    place: str

    @property
    def shown(self) -> str:
        """The text, and the pair where there is one, for reading."""
        return self.text if self.pair is None else f"{self.text} | {self.pair}"

    @property
    def labels(self) -> tuple[str, ...]:
        """The several labels, each once."""
        found = (each.strip() for each in self.label.split(_BETWEEN_LABELS))
        return tuple(dict.fromkeys(each for each in found if each))


class Query(NamedTuple):
    """A query and a text that answers it; `place` as in `Row`."""

    query: str
    positive: str
    place: str


def raise_fault(error: RowError) -> None:
    """Ends reading at the first row that cannot be read."""
    raise error


def read_rows(
    path: Path,
    columns: Columns = USUAL,
    *,
    multi_label: bool = False,
    on_fault: OnFault = raise_fault,
) -> Iterator[Row]:
    """Reads a labelled data set, UTF-8, with named columns.

    The format is told by the ending (.tsv, .csv, .jsonl, .ndjson, .json), else by the first line.
    In TSV quotes are ordinary characters, as in GLUE; in CSV they enclose fields, with semicolons
    between them where the header has no comma. Blank lines are skipped. GLUE's CoLA, which has no
    header, is known by its first line. Where a file has no header and `classes.txt` stands beside
    it, labels are numbers of its lines (`class_names`), several labels, too.

    Args:
        path: the file.
        columns: names of columns that are not found by their usual names.
        multi_label: a row may have several labels, with `|` between them or, in JSON Lines, as a
            list; and it may have none: an empty field, an empty list.
        on_fault: of rows that cannot be read.

    Yields:
        Rows in the order of the file; memory does not grow with the file.

    Raises:
        EdgebertError: the file cannot be read, is not of its format, or a row lacks a column;
            file, line and column are named.
    """
    label_of = _labels if multi_label else _label
    find = partial(find_layout, columns=columns)
    names = class_names(path, columns)
    for layout, record, place in _laid_out(path, find, columns.heading, on_fault):
        try:
            label = label_of(record, layout.label, place)
            row = Row(
                _text(record, layout.text, place),
                None if layout.pair is None else _text(record, layout.pair, place),
                _named_labels(label, names, place) if multi_label else named(label, names, place),
                place,
            )
        except RowError as error:  # noqa: PERF203 - one row shall not end it
            on_fault(error)
        else:
            yield row


def read_queries(
    path: Path, columns: Columns = USUAL, on_fault: OnFault = raise_fault
) -> Iterator[Query]:
    """Reads queries with the text that answers each; formats and errors as of `read_rows`.

    A query with several right answers has a row for each.
    """
    find = partial(find_query_layout, columns=columns)
    for (query, positive), record, place in _laid_out(path, find, columns.heading, on_fault):
        try:
            row = Query(_text(record, query, place), _text(record, positive, place), place)
        except RowError as error:  # noqa: PERF203 - one row shall not end it
            on_fault(error)
        else:
            yield row


def read_header(path: Path, columns: Columns = USUAL) -> list[str]:
    """Names of the columns; in JSON Lines those of the first object.

    Raises:
        EdgebertError: as `read_rows`.
    """
    for _, record in read_records(path, read_lines(path), heading=columns.heading):
        return list(record)
    raise EdgebertError(f"{path}: has no rows")


def _laid_out(
    path: Path,
    find: Callable[[list[str]], _Layout],
    heading: Sequence[str] | None,
    on_fault: OnFault = raise_fault,
) -> Iterator[tuple[_Layout, Mapping[str, Any], str]]:
    """Records with the layout that the first of them has, and their place."""
    layout = None
    for number, record in read_records(path, read_lines(path), on_fault, heading):
        if layout is None:
            try:
                layout = find(list(record))
            except EdgebertError as error:
                raise EdgebertError(f"{path}: {error}") from error
        yield layout, record, f"{path}, line {number}"


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
    try:
        record = json.loads(line, object_pairs_hook=unrepeated)
    except (ValueError, RecursionError) as error:
        raise RowError(place, f"not JSON: {error}") from error
    except EdgebertError as error:
        raise RowError(place, str(error)) from error
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


def _text(record: Mapping[str, Any], column: str, place: str) -> str:
    value = _value(record, column, place)
    if not isinstance(value, str):
        raise RowError(place, f"{column!r} is {_show(value)}; a text is needed")
    return value


def _label(record: Mapping[str, Any], column: str, place: str) -> str:
    value = _value(record, column, place)
    if isinstance(value, bool):
        return str(int(value))
    if not isinstance(value, (str, int, float)) or value == "":
        raise RowError(place, f"{column!r} is {_show(value)}; a label or number is needed")
    return str(value)


def _labels(record: Mapping[str, Any], column: str, place: str) -> str:
    value = _value(record, column, place)
    if value in ("", None):
        return ""
    if not isinstance(value, list):
        return _label(record, column, place)
    for each in value:
        if not isinstance(each, str) or not each.strip() or _BETWEEN_LABELS in each:
            raise RowError(
                place, f"{column!r} has {_show(each)}; labels are texts without {_BETWEEN_LABELS!r}"
            )
    return _BETWEEN_LABELS.join(value)


def _named_labels(labels: str, names: Sequence[str] | None, place: str) -> str:
    """Several labels by their names."""
    if names is None:
        return labels
    given = (each.strip() for each in labels.split(_BETWEEN_LABELS))
    return _BETWEEN_LABELS.join(named(each, names, place) for each in given if each)


def _value(record: Mapping[str, Any], column: str, place: str) -> Any:
    try:
        return record[column]
    except KeyError as error:
        raise RowError(place, f"no column {column!r}") from error


def _show(value: Any) -> str:
    return json.dumps(value)[:40] if value != "" else "empty"
