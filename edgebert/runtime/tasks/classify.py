"""One label for a text, with the score of every label."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from edgebert.arrays import Array


class Classification(NamedTuple):
    """The best label, its score, and all scores by label.

    Scores sum to 1, except where labels are independent of each other (`multi_label`) and where
    the windows of a long text were combined by "max".
    """

    label: str
    score: float
    scores: dict[str, float]


def classifier(labels: Sequence[str]) -> Callable[[Array], Classification]:
    """Gives a function that names the scores of an output [1, K]."""

    def classify(output: Array) -> Classification:
        scores = output[0].tolist()
        best = max(scores)
        label = labels[scores.index(best)]
        return Classification(label, best, dict(zip(labels, scores, strict=True)))

    return classify
