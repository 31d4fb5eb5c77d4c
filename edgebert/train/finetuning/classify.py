"""Classification from labelled texts or pairs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edgebert.evaluation.evaluators.evaluator import unknown_label
from edgebert.evaluation.readers import Row, read_rows
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.train.batching import Example
from edgebert.train.finetuning.task import FineTuningTask, Labels, in_order, needs_different_targets
from edgebert.train.losses import cross_entropy


def _labels(rows: Iterable[Row]) -> Labels:
    return in_order({row.label for row in rows})


def _examples(rows: Iterable[Row], tokenizer: Tokenizer, labels: Labels) -> Iterator[Example]:
    numbers = {label: number for number, label in enumerate(labels)}
    for row in rows:
        if row.label not in numbers:
            raise unknown_label(row.place, row.label, labels)
        yield Example((tokenizer.encode(row.text, row.pair),), numbers[row.label])


CLASSIFY = FineTuningTask(read_rows, _labels, _examples, needs_different_targets, cross_entropy)
