"""At which bars of the score `--max-wrong` is tested: coverage and broken bounds of drawn models.

    python -m tools.studies.abstaining_bars

Of a drawn model it is known how much is wrong among the surest u of all texts: floor + (errors -
floor) * u ** power. Each is calibrated on 200 sets of rows. A row of the table is a way to choose
bars by how many rows there are and the bound alone, so no figure of a data set is seen. A model
that is refused answers nothing. The last row is what `edgebert.converter.risk_bound` does.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from edgebert.converter.risk_bound import CONFIDENCE

Array: TypeAlias = npt.NDArray[Any]

DRAWS = 200
FEW = 20
"""Wrong ones that the bound allows of all rows, below which there are few rows."""


@dataclass(frozen=True)
class ThresholdGrid:
    """Bars, by how many of the surest rows pass them.

    Attributes:
        errors: the first bar shows the bound to be kept although so many are wrong above it: the
            first such number for which 0.55 of the rows do, else the last.
        starts: shares of the rows at which a sequence of tests begins; all share the level.
        places: bars from a quarter of the rows to all.
    """

    errors: tuple[int, ...] = (4,)
    starts: tuple[float, ...] = (0.25,)
    places: int = 400

    def counts(self, wrong: Array, max_wrong: float) -> Array:
        """How many rows are answered in each draw; `wrong` are running sums, [draws, rows]."""
        rows, level = wrong.shape[1], (1 - CONFIDENCE) / len(self.starts)
        for errors in self.errors:
            least = errors
            while binom.cdf(errors, least, max_wrong) > 1 - CONFIDENCE:
                least += 1
            if least <= 0.55 * rows:
                break
        best = np.zeros(len(wrong), int)
        for start in self.starts:
            first = max(least, int(start * rows))
            if first > rows:
                continue
            bars = np.unique(np.linspace(first, rows, self.places).astype(int))
            most = binom.ppf(level, bars, max_wrong)
            most -= binom.cdf(most, bars, max_wrong) > level
            shown = wrong[:, bars - 1] <= most
            passed = np.logical_and.accumulate(shown, axis=1).sum(axis=1)
            best = np.maximum(best, np.where(passed > 0, bars[passed - 1], 0))
        return best


WAYS: dict[str, ThresholdGrid] = {
    "from a quarter, 4 wrong at the start": ThresholdGrid(),
    "100 places": ThresholdGrid(places=100),
    "20 places": ThresholdGrid(places=20),
    "10 places": ThresholdGrid(places=10),
    "from 0.4": ThresholdGrid(starts=(0.4,)),
    "from a half": ThresholdGrid(starts=(0.5,)),
    "from 0.6": ThresholdGrid(starts=(0.6,)),
    "from a quarter and a half": ThresholdGrid(starts=(0.25, 0.5)),
    "from a quarter, a half and three": ThresholdGrid(starts=(0.25, 0.5, 0.75)),
    "from a quarter, 1 wrong at the start": ThresholdGrid(errors=(1,)),
    "from a quarter, 4 wrong at the start, of few rows 1 to 3": ThresholdGrid(errors=(4, 3, 2, 1)),
}


@dataclass(frozen=True)
class Model:
    """Shares wrong, and how well the score tells."""

    errors: float
    floor: float
    power: float

    def wrong(self, places: Array) -> Array:
        """Chance of a wrong answer at such a rank, 0 the surest of all texts and 1 the last."""
        return self.floor + (self.errors - self.floor) * (self.power + 1) * places**self.power

    def most(self, max_wrong: float) -> float:
        """The share of all texts that may be answered."""
        if self.errors <= max_wrong:
            return 1.0
        return max(0.0, (max_wrong - self.floor) / (self.errors - self.floor)) ** (1 / self.power)


def cells() -> Iterator[tuple[Model, int, float]]:
    """Models, numbers of rows, and bounds that a fifth of the texts can be answered by."""
    shapes = ((0.0, 3.0), (0.003, 4.5), (0.0, 6.0), (0.005, 6.0), (0.002, 8.0))
    for errors, (floor, power), rows, max_wrong in itertools.product(
        (0.03, 0.05, 0.084, 0.12, 0.15),
        shapes,
        (200, 300, 400, 600, 800, 1500, 3000),
        (0.01, 0.02, 0.03, 0.05, 0.1),
    ):
        model = Model(errors, floor, power)
        if model.most(max_wrong) > 0.2 and rows * max_wrong >= 5:
            yield model, rows, max_wrong


def measured(model: Model, rows: int, max_wrong: float) -> list[tuple[float, float]]:
    """For each way the share of texts that is answered, and of draws that break the bound."""
    random = np.random.default_rng([rows, math.floor(1e4 * (max_wrong + model.errors))])
    places = np.sort(random.random((DRAWS, rows)), axis=1)
    wrong = np.cumsum(random.random(places.shape) < model.wrong(places), axis=1)
    bars = np.concatenate([np.zeros((DRAWS, 1)), places], axis=1)
    found = []
    for way in WAYS.values():
        answered = bars[np.arange(DRAWS), way.counts(wrong, max_wrong)]
        broken = answered > model.most(max_wrong)
        found.append((100 * float(answered.mean()), 100 * float(broken.mean())))
    return found


def main() -> None:
    """Prints the table."""
    every = list(cells())
    figures = np.array([measured(*each) for each in every])
    few = np.array([rows * max_wrong < FEW for _, rows, max_wrong in every])
    print(f"of {few.sum()} models few rows, of {(~few).sum()} many\n")
    print("| bars | answered, few rows | worst | many rows | worst | bound broken (most) |")
    print("|---" * 6 + "|")
    for at, name in enumerate(WAYS):
        answered, broken = figures[:, at].T
        more = answered - figures[:, 0, 0]
        cuts = " | ".join(
            f"{answered[each].mean():.1f} % | {more[each].min():+.1f}" for each in (few, ~few)
        )
        print(f"| {name} | {cuts} | {broken.mean():.1f} % ({broken.max():.1f}) |")


if __name__ == "__main__":
    main()
