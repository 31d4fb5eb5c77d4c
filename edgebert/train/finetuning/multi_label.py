"""Classification with independent labels: a text may have several of them, or none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from edgebert.arrays import Array
from edgebert.evaluation.columns import Columns
from edgebert.evaluation.evaluators.evaluator import unknown_label
from edgebert.evaluation.readers import Row, read_rows
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.train.batching import Example
from edgebert.train.finetuning.task import FineTuningTask, Labels, in_order, needs_different_targets
from edgebert.train.losses import sigmoid_cross_entropy


def multi_hot(row: Row, labels: Labels) -> Array:
    """1 for each of its labels, 0 for all others, float32 [K].

    Raises:
        EdgebertError: a label is not among them.
    """
    for label in row.labels:
        if label not in labels:
            raise unknown_label(row.place, label, labels)
    return np.array([label in row.labels for label in labels], np.float32)


def _read(path: Path, columns: Columns) -> Iterator[Row]:
    return read_rows(path, columns, multi_label=True)


def _labels(rows: Iterable[Row]) -> Labels:
    return in_order({label for row in rows for label in row.labels})


def _examples(rows: Iterable[Row], tokenizer: Tokenizer, labels: Labels) -> Iterator[Example]:
    for row in rows:
        yield Example((tokenizer.encode(row.text, row.pair),), multi_hot(row, labels))


MULTI_LABEL = FineTuningTask(
    _read, _labels, _examples, needs_different_targets, sigmoid_cross_entropy
)
