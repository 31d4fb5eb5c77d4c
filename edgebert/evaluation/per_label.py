"""How right a classifier is label by label, and which labels it takes for which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebert.evaluation.metrics import Values


@dataclass(frozen=True)
class LabelFigures:
    """One label that has rows, or was predicted.

    Attributes:
        rows: that have it.
        precision: share of the rows it was predicted for that have it; 0 where there are none.
        recall: share of the rows that have it for which it was predicted; likewise.
        f1: harmonic mean of the two; 0 where both are.
    """

    label: str
    rows: int
    precision: float
    recall: float
    f1: float

    def to_json(self) -> dict[str, Any]:
        """Plain values, for machines."""
        return asdict(self)


@dataclass(frozen=True)
class Confusion:
    """How many rows of one label were given another."""

    expected: str
    predicted: str
    rows: int

    def to_json(self) -> dict[str, Any]:
        """Plain values, for machines."""
        return asdict(self)


def label_figures(
    labels: Sequence[str], expected: Values, predicted: Values
) -> tuple[LabelFigures, ...]:
    """Figures of each label, in the order of the labels.

    Args:
        labels: of the model.
        expected: 1 where a row has a label, else 0, [n, K].
        predicted: the same.
    """
    hits = (expected * predicted).sum(axis=0)
    of_expected, of_predicted = expected.sum(axis=0), predicted.sum(axis=0)
    return tuple(
        LabelFigures(
            label,
            int(of_expected[at]),
            _share(hits[at], of_predicted[at]),
            _share(hits[at], of_expected[at]),
            _share(2 * hits[at], of_expected[at] + of_predicted[at]),
        )
        for at, label in enumerate(labels)
        if of_expected[at] or of_predicted[at]
    )


def confusions(
    labels: Sequence[str], expected: npt.NDArray[np.intp], predicted: npt.NDArray[np.intp]
) -> tuple[Confusion, ...]:
    """Labels that were taken for others, the most frequent first.

    Args:
        labels: of the model.
        expected: number of the label of each row, [n].
        predicted: the same.
    """
    wrong = expected != predicted
    pairs, counts = np.unique(
        np.stack([expected[wrong], predicted[wrong]]), axis=1, return_counts=True
    )
    order = np.argsort(-counts, kind="stable")
    return tuple(
        Confusion(labels[pairs[0, at]], labels[pairs[1, at]], int(counts[at])) for at in order
    )


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0
