"""One label for a text, with the score of every label."""

from __future__ import annotations

from typing import NamedTuple

from edgebert.bert.weights import Array
from edgebert.model_file.record import Record


class Classification(NamedTuple):
    """The best label, its score, and all scores by label.

    Scores sum to 1, except where labels are independent of each other (`multi_label`).
    """

    label: str
    score: float
    scores: dict[str, float]


def classify(output: Array, tokens: int, record: Record) -> Classification:
    """Names the scores of an output [1, K]."""
    scores = dict(zip(record.labels or (), output[0].tolist(), strict=True))
    best = max(scores, key=scores.__getitem__)
    return Classification(best, scores[best], scores)
