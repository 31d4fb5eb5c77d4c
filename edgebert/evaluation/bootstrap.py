"""How sure a metric is: percentile bootstrap intervals (Efron 1979, doi:10.1214/aos/1176344552).

The rows of a data set are drawn again with replacement, as many as there are, `RESAMPLES` times
from a fixed seed; the interval holds the middle `LEVEL` of the metric over the draws. For the
difference of two models each draw takes the same rows of both (a paired bootstrap), so that what
makes a row hard for both does not widen the interval.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from edgebert.errors import EdgebertError

RESAMPLES = 1000
LEVEL = 0.95
SEED = 20_200_310  # any serves; it is fixed so that a figure can be had again

Figures: TypeAlias = npt.NDArray[np.float64]
"""What metrics are computed from: a row of numbers for each row of the data set, [n, c]."""
Measure: TypeAlias = Callable[[Figures], float]
Draws: TypeAlias = npt.NDArray[np.float64]
"""One metric over all draws, [RESAMPLES]; NaN where a draw has no value."""


class Interval(NamedTuple):
    """From `low` to `high`, both included; both NaN where no draw had a value."""

    low: float
    high: float

    def to_json(self) -> list[float] | None:
        """The two bounds; None where there are none, as JSON has no NaN."""
        return None if np.isnan(self.low) else [self.low, self.high]


def draw(measures: Mapping[str, Measure], figures: Sequence[Figures]) -> list[dict[str, Draws]]:
    """Each metric over all draws, for each of several models evaluated on the same rows.

    Args:
        measures: the metrics by name.
        figures: one [n, c] array a model.

    Returns:
        For each model, `RESAMPLES` values a metric; NaN where a draw has none (such as a
        correlation of equal values).
    """
    random = np.random.default_rng(SEED)
    rows = len(figures[0])
    drawn = [{name: np.empty(RESAMPLES) for name in measures} for _ in figures]
    for at in range(RESAMPLES):
        chosen = random.integers(0, rows, rows)
        for values, of_model in zip(drawn, figures, strict=True):
            resampled = of_model[chosen]
            for name, measure in measures.items():
                values[name][at] = _value(measure, resampled)
    return drawn


def interval(drawn: Draws) -> Interval:
    """The middle `LEVEL` of the draws that have a value."""
    values = drawn[np.isfinite(drawn)]
    if not values.size:
        return Interval(np.nan, np.nan)
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))


def _value(measure: Measure, figures: Figures) -> float:
    try:
        return measure(figures)
    except EdgebertError:
        return np.nan
