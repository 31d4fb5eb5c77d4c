"""What samples come to: percentiles, and how sure a median and a ratio are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgebert.benchmark.result import Round, Stats
from edgebert.evaluate.bootstrap import RESAMPLES, SEED, interval

Times = npt.NDArray[np.float64]

_LEAST = 1e-3  # a nanosecond: below what any clock tells


@dataclass(frozen=True)
class Ratio:
    """How many times longer one thing takes than another, with a 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f}x ({self.low:.2f} to {self.high:.2f})"


def kept(rounds: Sequence[Round]) -> list[int]:
    """The numbers of the rounds that count: those not throttled."""
    return [number for number, each in enumerate(rounds) if not each.throttled]


def relative(total: Sequence[float], yardstick: Sequence[float]) -> Times:
    """Each answer in units of the yardstick beside it, [n]; as it is where there was none."""
    values = np.asarray(total, np.float64)
    return values / np.maximum(yardstick, _LEAST) if len(yardstick) else values


def round_medians(samples: Sequence[float] | Times, rounds: Sequence[Round]) -> Times:
    """The median of each round, [rounds]."""
    return np.array([np.median(samples[r.first : r.first + r.count]) for r in rounds])


def summarize(samples: Sequence[float], rounds: Sequence[Round]) -> Stats | None:
    """Figures of all samples of rounds that count; None where there are none."""
    chosen = [rounds[number] for number in kept(rounds)]
    values = np.array([v for r in chosen for v in samples[r.first : r.first + r.count]])
    if not values.size:
        return None
    p50, p90, p99 = np.percentile(values, (50, 90, 99))
    deviation = values.std(ddof=1) if values.size > 1 else 0.0
    return Stats(*(round(float(v), 3) for v in (p50, p90, p99, values.mean(), deviation)))


def paired_ratio(times: Times, against: Times) -> Ratio:
    """The median over rounds of how many times longer one took, by a bootstrap of rounds.

    The two took turns: what slows a round down slows both, and falls out of its ratio. What is
    shorter than a round falls out where both are given in units of the yardstick (`relative`).

    Args:
        times: one entry a round, [n].
        against: the same rounds of the other.
    """
    ratios = times / against
    low, high = interval(_medians_of_draws(ratios))
    return Ratio(float(np.median(ratios)), low, high)


def spread(times: Times) -> float:
    """Half the 95 % interval of the median of [n] values, as a share of it."""
    low, high = interval(_medians_of_draws(times))
    return float((high - low) / 2 / np.median(times))


def _medians_of_draws(values: Times) -> Times:
    drawn = np.random.default_rng(SEED).integers(0, len(values), (RESAMPLES, len(values)))
    medians: Times = np.median(values[drawn], axis=1)
    return medians
