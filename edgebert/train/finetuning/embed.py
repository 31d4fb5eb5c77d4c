"""Embedding from pairs with scores, or from queries with the texts that answer them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edgebert.errors import EdgebertError
from edgebert.evaluation.evaluators.correlate import score_of
from edgebert.evaluation.readers import Query, Row, read_queries, read_rows
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.train.batching import Example
from edgebert.train.finetuning.task import (
    FineTuningTask,
    Labels,
    needs_different_targets,
    needs_rows,
)
from edgebert.train.losses import cosine_error, ranking


def _pairs(rows: Iterable[Row], tokenizer: Tokenizer, labels: Labels) -> Iterator[Example]:
    """Scores are brought to 0 to 1: a cosine is to be the lowest one at 0, the highest at 1."""
    kept = list(rows)
    scores = [score_of(row) for row in kept]
    least = min(scores, default=0.0)
    span = max(scores, default=0.0) - least or 1.0
    for row, score in zip(kept, scores, strict=True):
        if row.pair is None:
            raise EdgebertError(
                f"{row.place}: one text; pairs with scores are needed to learn embeddings (name "
                "the columns with --text-column and --pair-column), or queries with their answers "
                "(columns query and positive)"
            )
        inputs = (tokenizer.encode(row.text), tokenizer.encode(row.pair))
        yield Example(inputs, (score - least) / span)


def _queries(rows: Iterable[Query], tokenizer: Tokenizer, labels: Labels) -> Iterator[Example]:
    numbers: dict[str, int] = {}
    for query, positive, _ in rows:
        number = numbers.setdefault(positive, len(numbers))
        yield Example((tokenizer.encode(query), tokenizer.encode(positive)), number)


PAIRS = FineTuningTask(read_rows, None, _pairs, needs_different_targets, cosine_error)
QUERIES = FineTuningTask(read_queries, None, _queries, needs_rows, ranking)
