"""Texts of a file that the user gave, for whatever is learned from texts without labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from edgebert.bert.tasks import TaskName
from edgebert.errors import EdgebertError
from edgebert.evaluation.conll import Sentence
from edgebert.evaluation.data import open_data
from edgebert.evaluation.lines import read_lines
from edgebert.evaluation.readers import Query, Row
from edgebert.evaluation.records import read_header, read_records
from edgebert.evaluation.squad_file import Question

Text: TypeAlias = tuple[str, str | None]
"""A text, or a text and its pair."""

_TABLES = (".tsv", ".csv", ".jsonl", ".ndjson")


def texts_of(path: Path, task: TaskName) -> Iterator[Text]:
    """Texts of a file, blank ones left out: of a .txt the lines, of others what models are given.

    Args:
        path: plain text; a table with a column `text`; or data that `edgebert evaluate` reads.
        task: of the model, which says what data looks like.

    Raises:
        EdgebertError: the file cannot be read; file and line are named.
    """
    return (text for text in _read(path, task) if text[0].strip())


def _read(path: Path, task: TaskName) -> Iterator[Text]:
    suffix = path.suffix.lower()
    if suffix in ("", ".txt"):
        return ((line.strip(), None) for line in read_lines(path))
    if suffix in _TABLES and "text" in read_header(path):
        return _column(path)
    evaluated_as = "classify" if task == "encode" else task
    # Read as multi-label, a row may have any label, or none: they do not matter here.
    return _given(open_data(path, evaluated_as, multi_label=evaluated_as == "classify").read())


def _column(path: Path) -> Iterator[Text]:
    """Of a table with a column `text`, whether or not it has labels."""
    for number, record in read_records(path, read_lines(path)):
        text, pair = record.get("text"), record.get("text_pair", record.get("pair"))
        if not isinstance(text, str) or not isinstance(pair, str | None):
            raise EdgebertError(f"{path}, line {number}: 'text' or its pair is no text")
        yield text, pair


def _given(examples: Iterator[Any]) -> Iterator[Text]:
    """What each example would give to a model."""
    for example in examples:
        if isinstance(example, Row):
            yield example.text, example.pair
        elif isinstance(example, Query):
            yield example.query, None
            yield example.positive, None
        elif isinstance(example, Question):
            yield example.question, example.context
        elif isinstance(example, Sentence):
            yield " ".join(example.words), None
        else:
            yield example.text, None
