"""The transfer set of a distillation: its texts, and what is right of some of them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from edgebert.bert.tasks import TaskName
from edgebert.bulk.fingerprint import digest
from edgebert.errors import EdgebertError
from edgebert.evaluation.columns import USUAL, Columns
from edgebert.evaluation.conll import Sentence
from edgebert.evaluation.data import open_data
from edgebert.evaluation.out_of_scope import read_outside
from edgebert.evaluation.readers import Row, read_rows
from edgebert.evaluation.records import read_header
from edgebert.evaluation.squad_file import Question, read_squad
from edgebert.evaluation.tagged import read_tagged
from edgebert.evaluation.texts import Text, open_texts, read_texts

Labelled: TypeAlias = "Row | Sentence | Question"
"""What was read of labelled data."""


@dataclass(frozen=True)
class TransferSet:
    """The texts on which the student is to agree with the teacher.

    Attributes:
        texts: files of texts without labels, as `edgebert run --input` takes them.
        labelled: labelled data, whose labels are the hard ones; its texts are used too.
        dev: labelled data to evaluate on; None: the last weights are the best.
        columns: of the labelled data.
        metric: of the dev data, by which the best weights are chosen; None: the task's first.
        task: of the teacher, which tells how labelled data is read.
        out_of_scope: texts that belong to none of a classifier's labels; None: there are none.

    Raises:
        EdgebertError: no texts at all.
    """

    texts: tuple[Path, ...] = ()
    labelled: Path | None = None
    dev: Path | None = None
    columns: Columns = USUAL
    metric: str | None = None
    task: TaskName = "classify"
    out_of_scope: Path | None = None

    def __post_init__(self) -> None:
        if not self.texts and self.labelled is None:
            raise EdgebertError("no texts to learn from: give --transfer or --labels, or both")

    @property
    def files(self) -> tuple[Path, ...]:
        """All that is learned from."""
        return self.texts if self.labelled is None else (*self.texts, self.labelled)

    @property
    def fingerprint(self) -> str:
        """Of all that is learned from: the files, and which columns of the labelled one."""
        parts = [f"{path.name} {digest(path)}" for path in self.files]
        if self.labelled is not None:
            parts.append(json.dumps(self.columns.to_json()))
        return ", ".join(parts)

    def check_first(self) -> None:
        """Reads the beginning of each file, whatever the task is.

        Raises:
            EdgebertError: one cannot be read.
        """
        if self.labelled is not None:
            _begin(self.labelled, lambda path: _rows(path, self.columns, multi_label=True))
        for path in self.texts:
            next(read_files([path]), None)
        if self.dev is not None:
            _begin(self.dev, lambda path: iter(read_header(path, self.columns)))
        if self.out_of_scope is not None:
            read_outside(self.out_of_scope)

    def check(self, *, multi_label: bool = False) -> None:
        """Reads each file to its end, so that what is wrong is told before anything is begun.

        Raises:
            EdgebertError: one cannot be read; file and line are named.
        """
        for _ in self.read(multi_label=multi_label):
            pass
        if self.dev is not None:
            dev = open_data(self.dev, self.task, self.columns, multi_label=multi_label)
            dev.require_metric(self.metric)
            dev.check()

    def read(self, *, multi_label: bool = False) -> Iterator[tuple[Text, Labelled | None]]:
        """Labelled texts with their labels, then those without; blank ones are left out.

        Args:
            multi_label: a text may have several labels (`read_rows`).

        Raises:
            EdgebertError: a file cannot be read; file and line are named.
        """
        if self.labelled is not None:
            read = _READERS.get(self.task, _rows)
            yield from read(self.labelled, self.columns, multi_label=multi_label)
        for text in read_files(self.texts):
            if text.text.strip():
                if self.task == "answer" and text.pair is None:
                    raise EdgebertError(
                        f"{text.place}: no context; a question (column text) and a context "
                        "(column pair) are needed"
                    )
                yield text, None


def _rows(
    path: Path, columns: Columns, *, multi_label: bool
) -> Iterator[tuple[Text, Labelled | None]]:
    for row in read_rows(path, columns, multi_label=multi_label):
        yield Text(row.text, row.pair, row.place), row


def _sentences(
    path: Path, columns: Columns, *, multi_label: bool
) -> Iterator[tuple[Text, Labelled | None]]:
    for sentence in read_tagged(path):
        yield Text(" ".join(sentence.words), None, sentence.place), sentence


def _questions(
    path: Path, columns: Columns, *, multi_label: bool
) -> Iterator[tuple[Text, Labelled | None]]:
    for question in read_squad(path):
        yield Text(question.question, question.context, question.place), question


_READERS: Mapping[TaskName, Callable[..., Iterator[tuple[Text, Labelled | None]]]] = (
    MappingProxyType({"tag": _sentences, "answer": _questions})
)
"""Of tasks whose labelled data has no row for each text."""


def _begin(path: Path, read: Callable[[Path], Iterator[Any]]) -> None:
    """Reads the first row of labelled data, else its first sentence or question.

    Raises:
        EdgebertError: as `read`.
    """
    try:
        next(read(path), None)
    except EdgebertError:
        for other in (read_tagged, read_squad):
            try:
                next(iter(other(path)), None)
            except EdgebertError:
                continue
            return
        raise


def read_files(paths: Iterable[Path]) -> Iterator[Text]:
    """The texts of some files, one after the other.

    Raises:
        EdgebertError: as `read_texts`.
    """
    return itertools.chain.from_iterable(map(_read, paths))


def _read(path: Path) -> Iterator[Text]:
    with open_texts(path) as file:
        yield from read_texts(path, file)
