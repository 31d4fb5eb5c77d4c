"""The lowest bar of a score under which few enough of what is given is wrong.

Bars are tested from the highest down, each by an exact binomial p-value, until one fails
(fixed-sequence testing): with a chance of at most 1 - `confidence` over calibration sets, more
than `max_wrong` of what passes the bar is wrong. So Learn then Test (Angelopoulos et al. 2021,
arXiv:2110.01052), for selective classification as in Geifman and El-Yaniv 2017 (arXiv:1705.08500).
Which bars are tested follows from the number of rows and the bound (and the design effect); a
lower bar is taken to let no smaller share of wrong ones pass. Where to begin was chosen on drawn
models (`tools.studies.abstaining_bars`).

Spans of one sentence are right or wrong together more often than those of others, and prove less
than as many on their own. Their counts are divided by the design effect beforehand (Rao and Scott
1992, "A Simple Method for the Analysis of Clustered Binary Data", Biometrics 48), which is 1 where
each row gives one thing.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edgebert.errors import CheckFailedError

Array: TypeAlias = npt.NDArray[Any]

CONFIDENCE = 0.95
"""Of the bound, where none is asked for."""

_ERRORS_AT_START = (4, 3, 2, 1)
_FEW = 0.55
"""Share of what there is by which the first bar should come: those that follow show more."""
_FIRST = 0.25
_STEPS = 400


def bounding_bar(
    scores: Array,
    right: Array,
    max_wrong: float,
    *,
    confidence: float = CONFIDENCE,
    rows: Array | None = None,
    items: str,
) -> float:
    """The bar of the score that keeps a bound.

    Args:
        scores: of what could be given, [m].
        right: whether it is, [m].
        max_wrong: share of what is given that may be wrong.
        confidence: chance, over calibration sets, with which no more is; 0.5 to 1.
        rows: number of the row that each belongs to, [m]; None: each to one of its own.
        items: what they are, in the plural.

    Raises:
        CheckFailedError: there is no such bar, or there are too few rows to say so.
    """
    order = np.argsort(-scores, kind="stable")
    wrong = np.cumsum(~right[order])
    effect = 1.0 if rows is None else design_effect(~right, rows)
    start = _start(len(scores), max_wrong, confidence, effect)
    if len(scores) < start:
        raise CheckFailedError(
            f"{len(scores)} {items} to calibrate on are too few to bound wrong ones by "
            f"{max_wrong:g}: {start} or more are needed; give more, or a larger --max-wrong"
        )
    bar = None
    for count in np.unique(np.linspace(start, len(scores), _STEPS).astype(int)):
        hits, draws = math.ceil(wrong[count - 1] / effect), math.floor(count / effect)
        if _binomial_tail(hits, draws, max_wrong) > 1 - confidence:
            break
        bar = float(scores[order[count - 1]])
    if bar is None:
        raise CheckFailedError(
            f"wrong {items} cannot be bounded by {max_wrong:g}: of the surest {count:,} "
            f"{int(wrong[count - 1]):,} are wrong; allow more (--max-wrong), or improve the model"
        )
    return bar


def covering_bar(scores: Array, count: int) -> float:
    """The highest bar that at least so many scores pass."""
    return float(np.sort(scores)[::-1][count - 1])


def design_effect(hits: Array, rows: Array) -> float:
    """By how much more hits vary than if each had come by itself; at least 1."""
    share = hits.mean()
    if not 0 < share < 1:
        return 1.0
    _, place = np.unique(rows, return_inverse=True)
    off = np.bincount(place, hits - share)
    found = float((off**2).sum() / (len(hits) * share * (1 - share)))
    return max(1.0, round(found, 6))


def _start(items: int, max_wrong: float, confidence: float, effect: float) -> int:
    """How many of the surest the first test is of.

    As many as show the bound to be kept although a few are wrong; of fewer rows, fewer may be.
    Else chance decides on the first test, where it ends all others.
    """
    for errors in _ERRORS_AT_START:
        needed = math.ceil(_least_items(errors, max_wrong, confidence) * effect)
        if needed <= _FEW * items:
            break
    return max(needed, int(_FIRST * items))


def _least_items(errors: int, max_wrong: float, confidence: float) -> int:
    """The fewest that show the bound to be kept although so many are wrong."""

    def shows(items: int) -> bool:
        return _binomial_tail(errors, items, max_wrong) <= 1 - confidence

    most = math.ceil(errors / max_wrong)
    while not shows(most):
        most *= 2
    return bisect_left(range(most + 1), True, lo=errors, key=shows)


def _binomial_tail(hits: int, draws: int, chance: float) -> float:
    """Chance of at most so many hits, exactly."""
    log_chance, log_rest = math.log(chance), math.log1p(-chance)
    whole = math.lgamma(draws + 1)
    return math.fsum(
        math.exp(
            whole
            - math.lgamma(k + 1)
            - math.lgamma(draws - k + 1)
            + k * log_chance
            + (draws - k) * log_rest
        )
        for k in range(hits + 1)
    )
