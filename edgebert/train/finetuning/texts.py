"""Tasks on a text or a pair with a label each: one class, independent classes, or a number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from edgebert.arrays import Array
from edgebert.evaluation.columns import Columns
from edgebert.evaluation.evaluators.correlate import score_of
from edgebert.evaluation.evaluators.evaluator import unknown_label
from edgebert.evaluation.readers import Row, read_rows
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.train.batching import Example
from edgebert.train.finetuning.task import FineTuningTask, Labels, in_order, needs_different_targets
from edgebert.train.losses import cross_entropy, sigmoid_cross_entropy, squared_error


def label_index(row: Row, labels: Labels) -> int:
    """The number of its label.

    Raises:
        EdgebertError: the label is not among them.
    """
    if row.label not in labels:
        raise unknown_label(row.place, row.label, labels)
    return labels.index(row.label)


def multi_hot(row: Row, labels: Labels) -> Array:
    """1 for each of its labels, 0 for all others, float32 [K].

    Raises:
        EdgebertError: a label is not among them.
    """
    for label in row.labels:
        if label not in labels:
            raise unknown_label(row.place, label, labels)
    return np.array([label in row.labels for label in labels], np.float32)


def _examples(
    target: Callable[[Row, Labels], float | Array],
) -> Callable[[Iterable[Row], Tokenizer, Labels], Iterator[Example]]:
    def examples(rows: Iterable[Row], tokenizer: Tokenizer, labels: Labels) -> Iterator[Example]:
        for row in rows:
            right = target(row, labels)
            yield Example((tokenizer.encode(row.text, row.pair),), right)

    return examples


def _read_several(path: Path, columns: Columns) -> Iterator[Row]:
    return read_rows(path, columns, multi_label=True)


CLASSIFY = FineTuningTask(
    read=read_rows,
    labels=lambda rows: in_order({row.label for row in rows}),
    examples=_examples(label_index),
    check=needs_different_targets,
    loss=cross_entropy,
)
MULTI_LABEL = FineTuningTask(
    read=_read_several,
    labels=lambda rows: in_order({label for row in rows for label in row.labels}),
    examples=_examples(multi_hot),
    check=needs_different_targets,
    loss=sigmoid_cross_entropy,
)
REGRESS = FineTuningTask(
    read=read_rows,
    labels=None,
    examples=_examples(lambda row, labels: score_of(row)),
    check=needs_different_targets,
    loss=squared_error,
)
