"""Labelled texts and queries: what the records of a file say by their columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from edgebert.errors import EdgebertError, RowError
from edgebert.evaluation.class_names import class_names, named
from edgebert.evaluation.columns import USUAL, Columns, find_layout, find_query_layout
from edgebert.evaluation.lines import read_lines
from edgebert.evaluation.records import OnFault, raise_fault, read_records

_Layout = TypeVar("_Layout")

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


def _text(record: Mapping[str, Any], column: str, place: str) -> str:
    value = _value(record, column, place)
    if not isinstance(value, str):
        raise RowError(place, f"{column!r} is {_show(value)}; a text is needed")
    return value


def _label(record: Mapping[str, Any], column: str, place: str) -> str:
    value = _value(record, column, place)
    if isinstance(value, bool):
        return str(int(value))
    if not isinstance(value, (str, int, float)) or not str(value).strip():
        raise RowError(place, f"{column!r} is {_show(value)}; a label or number is needed")
    return str(value)


def _labels(record: Mapping[str, Any], column: str, place: str) -> str:
    value = _value(record, column, place)
    if value is None or not str(value).strip():
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
