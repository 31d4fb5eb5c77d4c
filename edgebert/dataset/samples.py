"""The rows of labelled data of any task, as checks and splits see them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias

from edgebert.errors import EdgebertError, RowError
from edgebert.evaluation.class_names import class_names
from edgebert.evaluation.columns import USUAL, Columns, find_layout, has_queries
from edgebert.evaluation.conll import Sentence, read_conll
from edgebert.evaluation.entities import OUTSIDE, entities_of
from edgebert.evaluation.lines import read_lines
from edgebert.evaluation.readers import Query, Row, read_queries, read_rows
from edgebert.evaluation.records import OnFault, raise_fault, read_header, read_records
from edgebert.evaluation.tagged import has_tokens, read_tagged

Split: TypeAlias = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = ("train", "dev", "test")

TASKS = ("classify", "regress", "tag", "embed")
"""Tasks whose data can be checked."""

_PEEKED = 2_000
"""Rows that are looked at to tell the task of a file."""

_SENTENCES = 50
_MOST_RATINGS = 20
"""So many different whole numbers are still labels; more are values."""


class Sample(NamedTuple):
    """One row.

    Attributes:
        split: which it belongs to.
        place: file and line.
        text: the text; of a tagged sentence its words with spaces between them.
        pair: the second text, if any.
        label: as written; the tags of a sentence with spaces between them; empty of a query.
        labels: those that count one by one: several of a multi-label row, the entities' of a
            sentence; none of a value or query.
        source: what was read.
    """

    split: Split
    place: str
    text: str
    pair: str | None
    label: str
    labels: tuple[str, ...]
    source: Row | Query | Sentence


@dataclass(frozen=True)
class Kind:
    """What is to be learned from a file.

    Attributes:
        task: one of `TASKS`.
        multi_label: of classify: a row may have several labels, or none.
    """

    task: str
    multi_label: bool = False

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise EdgebertError(f"task {self.task!r}: data is checked for {', '.join(TASKS)}")
        if self.multi_label and self.task != "classify":
            raise EdgebertError(f"several labels a text are for classify, not for {self.task}")

    def __str__(self) -> str:
        return "classify, multi-label" if self.multi_label else self.task


def read_samples(
    paths: Iterable[Path],
    split: Split,
    kind: Kind,
    columns: Columns = USUAL,
    on_fault: OnFault = raise_fault,
) -> list[Sample]:
    """The rows of files of one kind, in their order.

    Args:
        paths: of the files.
        split: that they are.
        kind: of all of them.
        columns: likewise.
        on_fault: of rows with a text and a label that cannot be read.

    Raises:
        EdgebertError: a file cannot be read as data of that kind; file and line are named.
    """
    read = _READERS[kind.task]
    return [sample for path in paths for sample in read(path, split, kind, columns, on_fault)]


def kind_of(path: Path, columns: Columns = USUAL) -> Kind:
    """What the data of a file is for, by its first 2,000 rows.

    CoNLL columns and lists of tokens are for tag; a query and its answer for embed; numbers as
    labels, some with a decimal point or more than 20 different ones, for regress; lists of labels
    for classify, multi-label; and all else for classify.

    Raises:
        EdgebertError: the file cannot be read, or looks like data that is not checked here.
    """
    try:
        records = _first_records(path, columns)
    except EdgebertError:
        if _is_conll(path):
            return Kind("tag")
        raise
    if _is_conll(path) or has_tokens(records[0]):
        return Kind("tag")
    if has_queries(list(records[0]), columns):
        return Kind("embed")
    if isinstance(records[0].get("answers"), Mapping):
        raise EdgebertError(
            f"{path}: questions with answers; data is checked for {', '.join(TASKS)}"
        )
    return _labelled_kind(path, records, columns)


def _first_records(path: Path, columns: Columns) -> list[Mapping[str, Any]]:
    faults: list[RowError] = []  # which are told when all is read
    found = read_records(path, read_lines(path), faults.append, columns.heading)
    records = [record for _, record in islice(found, _PEEKED)]
    if not records:
        raise faults[0] if faults else EdgebertError(f"{path}: has no rows")
    return records


def _labelled_kind(path: Path, records: Sequence[Mapping[str, Any]], columns: Columns) -> Kind:
    """What texts with labels are for."""
    try:
        layout = find_layout(list(records[0]), columns)
    except EdgebertError as error:
        raise EdgebertError(f"{path}: {error}") from error
    values = [record.get(layout.label) for record in records]
    if any(isinstance(value, list) for value in values):
        return Kind("classify", multi_label=True)
    if class_names(path, columns):
        return Kind("classify")
    return Kind("regress" if _are_values([str(value) for value in values]) else "classify")


def _are_values(labels: Sequence[str]) -> bool:
    try:
        numbers = {float(label) for label in labels}
    except ValueError:
        return False
    whole = all(label.strip().lstrip("-").isdecimal() for label in labels)
    return not whole or len(numbers) > _MOST_RATINGS


def _is_conll(path: Path) -> bool:
    """Whether a file is named .conll, or begins so: each line a word and a tag, some of them O."""
    if path.suffix.lower() == ".conll":
        return True
    try:
        return any(OUTSIDE in sentence.tags for sentence in islice(read_conll(path), _SENTENCES))
    except EdgebertError:
        return False


def _rows(
    path: Path, split: Split, kind: Kind, columns: Columns, on_fault: OnFault
) -> Iterator[Sample]:
    for row in read_rows(path, columns, multi_label=kind.multi_label, on_fault=on_fault):
        if kind.task == "classify":
            labels = row.labels if kind.multi_label else (row.label,)
        else:
            labels = ()
        yield Sample(split, row.place, row.text, row.pair, row.label, labels, row)


def _pairs(
    path: Path, split: Split, kind: Kind, columns: Columns, on_fault: OnFault
) -> Iterator[Sample]:
    if not has_queries(read_header(path, columns), columns):
        yield from _rows(path, split, kind, columns, on_fault)
        return
    for query in read_queries(path, columns, on_fault):
        yield Sample(split, query.place, query.query, query.positive, "", (), query)


def _sentences(
    path: Path, split: Split, kind: Kind, columns: Columns, on_fault: OnFault
) -> Iterator[Sample]:
    for sentence in read_tagged(path):
        met = sorted({entity.label for entity in entities_of(sentence.tags)})
        text, tags = " ".join(sentence.words), " ".join(sentence.tags)
        yield Sample(split, sentence.place, text, None, tags, tuple(met), sentence)


_READERS: Mapping[str, Callable[[Path, Split, Kind, Columns, OnFault], Iterator[Sample]]] = (
    MappingProxyType({"classify": _rows, "regress": _rows, "embed": _pairs, "tag": _sentences})
)


def label_counts(samples: Iterable[Sample]) -> Counter[str]:
    """Rows a label."""
    return Counter(label for sample in samples for label in sample.labels)


def write_samples(samples: Iterable[Sample], path: Path) -> None:
    """Writes rows as the readers take them: sentences as CoNLL columns, all else as JSON Lines."""
    with path.open("w", encoding="utf-8") as file:
        for sample in samples:
            file.write(_written(sample.source))


def _written(source: Row | Query | Sentence) -> str:
    if isinstance(source, Sentence):
        pairs = zip(source.words, source.tags, strict=True)
        return "".join(f"{word} {tag}\n" for word, tag in pairs) + "\n"
    if isinstance(source, Query):
        value = {"query": source.query, "positive": source.positive}
    else:
        value = {"text": source.text, "label": source.label}
        if source.pair is not None:
            value = {"text": source.text, "text_pair": source.pair, "label": source.label}
    return json.dumps(value, ensure_ascii=False) + "\n"
