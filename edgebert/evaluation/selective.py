"""How far scores can be trusted: what is wrong at each coverage, and whether a score is a chance.

`Confidence` is what `edgebert.evaluate` tells beside metrics of the labels, spans or answers that a
model gives; each is a row here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebert.errors import EdgebertError
from edgebert.evaluation.metrics import Scores, Values, ranks

BINS = 15
"""Of the reliability diagram, equally wide (Guo et al. 2017)."""

KEPT = 0.95
"""Share of the texts in scope that is kept where the rejected others are counted."""

_CURVE_POINTS = 100


@dataclass(frozen=True)
class ReliabilityBin:
    """Rows whose score is above `low` and at most `high`.

    Attributes:
        rows: how many.
        score: mean of their scores; None where there are none.
        accuracy: share of them that is right; likewise.
    """

    low: float
    high: float
    rows: int
    score: float | None
    accuracy: float | None


@dataclass(frozen=True)
class CurvePoint:
    """A point of the risk–coverage curve: of the surest `coverage` of the rows, `risk` is wrong."""

    coverage: float
    risk: float


@dataclass(frozen=True)
class OutOfScope:
    """Texts that belong to no label, beside those that were evaluated.

    Attributes:
        rows: how many.
        auroc: chance that a text in scope looks more like one than a text out of scope; 0.5 is
            chance.
        rejected: share that the file abstains on; None where it has no rule.
        rejected_at_95: share that would be rejected where 95 % of the texts in scope are kept.
    """

    rows: int
    auroc: float
    rejected: float | None
    rejected_at_95: float


@dataclass(frozen=True)
class Confidence:
    """What the scores of a classifier's answers, labels, spans or answers to questions are worth.

    Attributes:
        items: which of them: answers, labels, spans.
        coverage: share of these that is given; 1 where the file never abstains.
        selective_accuracy: share of those given that is right; None where none is given.
        aurc: area under the risk–coverage curve, less is better (Geifman et al. 2019,
            arXiv:1805.08206).
        ece: expected calibration error, 0 to 1: by how much scores and accuracy differ (Guo et
            al. 2017, arXiv:1706.04599).
        bins: of the reliability diagram.
        curve: risk at some coverages, ascending.
        out_of_scope: of texts that were given for it.
    """

    items: str
    coverage: float
    selective_accuracy: float | None
    aurc: float
    ece: float
    bins: tuple[ReliabilityBin, ...]
    curve: tuple[CurvePoint, ...]
    out_of_scope: OutOfScope | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def confidence(items: str, scores: Scores, right: Scores, answered: Scores) -> Confidence:
    """What the scores of answers are worth.

    Args:
        items: what they are, in the plural.
        scores: of each row's answer.
        right: 1 where it is right, else 0.
        answered: 0 where the model abstains, else 1.

    Raises:
        EdgebertError: no rows, or scores that are not finite.
    """
    given = np.asarray(answered, np.float64) > 0
    hits = np.asarray(right, np.float64)
    risks = risk_coverage(scores, hits)
    bins = reliability(scores, hits)
    chosen = np.unique(np.linspace(0, len(risks) - 1, _CURVE_POINTS).round().astype(int))
    return Confidence(
        items=items,
        coverage=float(given.mean()),
        selective_accuracy=float(hits[given].mean()) if given.any() else None,
        aurc=float(risks.mean()),
        ece=expected_calibration_error(bins),
        bins=bins,
        curve=tuple(CurvePoint((at + 1) / len(risks), float(risks[at])) for at in chosen),
    )


def risk_coverage(scores: Scores, right: Scores) -> Values:
    """Share of wrong answers among the 1, 2, … n surest, [n].

    Rows with equal scores have no order: each counts as wrong as they are in the mean.
    """
    array = _finite(scores)
    wrong = 1 - np.asarray(right, np.float64)
    _, place, counts = np.unique(-array, return_inverse=True, return_counts=True)
    means = np.bincount(place, wrong) / counts
    risks: Values = np.cumsum(np.repeat(means, counts)) / np.arange(1, len(array) + 1)
    return risks


def reliability(scores: Scores, right: Scores, bins: int = BINS) -> tuple[ReliabilityBin, ...]:
    """Scores in equally wide bins from 0 to 1, with the accuracy in each."""
    array, hits = _finite(scores), np.asarray(right, np.float64)
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.searchsorted(edges, array, side="left") - 1, 0, bins - 1)
    found = []
    for number, (low, high) in enumerate(pairwise(edges.tolist())):
        here = place == number
        rows = int(here.sum())
        score = float(array[here].mean()) if rows else None
        share = float(hits[here].mean()) if rows else None
        found.append(ReliabilityBin(low, high, rows, score, share))
    return tuple(found)


def expected_calibration_error(bins: Sequence[ReliabilityBin]) -> float:
    """Mean difference of score and accuracy, each bin by its rows."""
    gaps = [
        each.rows * abs(each.score - each.accuracy)
        for each in bins
        if each.score is not None and each.accuracy is not None
    ]
    return sum(gaps) / sum(each.rows for each in bins)


def auroc(within: Scores, outside: Scores) -> float:
    """Chance that a value of `within` is above one of `outside`; a tie counts half.

    Raises:
        EdgebertError: one side has no values, or some that are not finite.
    """
    one, other = _finite(within), _finite(outside)
    rank = ranks(np.concatenate([one, other]))[: len(one)]
    above = rank.sum() - len(one) * (len(one) + 1) / 2
    return float(above / (len(one) * len(other)))


def out_of_scope(within: Scores, outside: Scores, abstained: Sequence[bool] | None) -> OutOfScope:
    """How well texts of no label are told from the others.

    Args:
        within: how much each text in scope looks like one.
        outside: the same of the others.
        abstained: whether the file abstains on each of the others; None: it has no rule.
    """
    bar = np.quantile(_finite(within), 1 - KEPT)
    return OutOfScope(
        rows=len(outside),
        auroc=auroc(within, outside),
        rejected=None if abstained is None else float(np.mean(abstained)),
        rejected_at_95=float(np.mean(_finite(outside) < bar)),
    )


def _finite(values: Scores) -> npt.NDArray[np.float64]:
    array = np.asarray(values, np.float64)
    if not array.size:
        raise EdgebertError("no scores; one or more are needed")
    if not np.isfinite(array).all():
        raise EdgebertError("there are scores that are not finite")
    return array
