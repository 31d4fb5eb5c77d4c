"""The transfer set of a distillation: its texts, and labels for some of them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edgebert.bulk.fingerprint import digest
from edgebert.errors import EdgebertError
from edgebert.evaluation.columns import USUAL, Columns
from edgebert.evaluation.readers import read_header, read_rows
from edgebert.evaluation.texts import Text, open_texts, read_texts


@dataclass(frozen=True)
class TransferSet:
    """The texts on which the student is to agree with the teacher.

    Attributes:
        texts: files of texts without labels, as `edgebert run --input` takes them.
        labelled: labelled data, whose labels are the hard ones; its texts are used too.
        dev: labelled data to evaluate on; None: the last weights are the best.
        columns: of the labelled data.
        metric: of the dev data, by which the best weights are chosen; None: the task's first.

    Raises:
        EdgebertError: no texts at all.
    """

    texts: tuple[Path, ...] = ()
    labelled: Path | None = None
    dev: Path | None = None
    columns: Columns = USUAL
    metric: str | None = None

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
        """Reads the beginning of each file.

        Raises:
            EdgebertError: one cannot be read.
        """
        if self.labelled is not None:
            next(read_rows(self.labelled, self.columns, multi_label=True), None)
        for path in self.texts:
            next(read_files([path]), None)
        if self.dev is not None:
            read_header(self.dev, self.columns)

    def read(self, *, multi_label: bool = False) -> Iterator[tuple[Text, str | None]]:
        """Labelled texts with their labels, then those without; blank ones are left out.

        Args:
            multi_label: a text may have several labels (`read_rows`).

        Raises:
            EdgebertError: a file cannot be read; file and line are named.
        """
        if self.labelled is not None:
            for row in read_rows(self.labelled, self.columns, multi_label=multi_label):
                yield Text(row.text, row.pair, row.place), row.label
        for text in read_files(self.texts):
            if text.text.strip():
                yield text, None


def read_files(paths: Iterable[Path]) -> Iterator[Text]:
    """The texts of some files, one after the other.

    Raises:
        EdgebertError: as `read_texts`.
    """
    return itertools.chain.from_iterable(map(_read, paths))


def _read(path: Path) -> Iterator[Text]:
    with open_texts(path) as file:
        yield from read_texts(path, file)
