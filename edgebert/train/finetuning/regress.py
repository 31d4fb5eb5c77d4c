"""Regression from texts or pairs with a number each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edgebert.evaluation.evaluators.correlate import score_of
from edgebert.evaluation.readers import Row, read_rows
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.train.batching import Example
from edgebert.train.finetuning.task import FineTuningTask, Labels, needs_different_targets
from edgebert.train.losses import squared_error


def _examples(rows: Iterable[Row], tokenizer: Tokenizer, labels: Labels) -> Iterator[Example]:
    for row in rows:
        yield Example((tokenizer.encode(row.text, row.pair),), score_of(row))


REGRESS = FineTuningTask(read_rows, None, _examples, needs_different_targets, squared_error)
