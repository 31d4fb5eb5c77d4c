"""What samples come to: percentiles, and how sure a median and a ratio are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgebert.benchmark.result import Round, Stats
from edgebert.evaluate.bootstrap import RESAMPLES, SEED, interval

Times = npt.NDArray[np.float64]

FEWEST_PROCESSES = 4
"""Of which a mean says more than the rounds of all of them."""

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


def by_process(samples: Sequence[float] | Times, rounds: Sequence[Round]) -> list[Times]:
    """The median of each round, one array a process."""
    found: dict[int, list[float]] = {}
    for r in rounds:
        median = float(np.median(samples[r.first : r.first + r.count]))
        found.setdefault(r.process, []).append(median)
    return [np.array(medians) for medians in found.values()]


def middle(medians: Sequence[Times]) -> float:
    """The time of a run from the medians of its rounds, one array a process: see `draws`."""
    if len(medians) >= FEWEST_PROCESSES:
        return float(np.mean([np.median(each) for each in medians]))
    return float(np.median(np.concatenate(medians)))


def draws(medians: Sequence[Times], random: np.random.Generator) -> Times:
    """What the middle might have been as well, by a bootstrap, [RESAMPLES].

    The answers of one process share what it was dealt for life, and those of one round the state
    of the machine; thousands of them would make either look certain. So whole processes are drawn,
    and the middle is the mean of their medians. Of fewer than `FEWEST_PROCESSES` the rounds are
    drawn, in stretches of neighbours because they drift together (the circular block bootstrap of
    Politis and Romano, 1992), and the middle is the median of all.
    """
    if len(medians) >= FEWEST_PROCESSES:
        values = np.array([np.median(each) for each in medians])
        places = random.integers(0, len(values), (RESAMPLES, len(values)))
        means: Times = values[places].mean(axis=1)
        return means
    values = np.concatenate(medians)
    size, length = len(values), max(1, round(len(values) ** 0.5))
    starts = random.integers(0, size, (RESAMPLES, -(-size // length)))
    chosen = (starts[:, :, None] + np.arange(length)).reshape(RESAMPLES, -1)[:, :size] % size
    drawn: Times = np.median(values[chosen], axis=1)
    return drawn


def summarize(samples: Sequence[float], rounds: Sequence[Round]) -> Stats | None:
    """Figures of all samples of rounds that count; None where there are none."""
    chosen = [rounds[number] for number in kept(rounds)]
    values = np.array([v for r in chosen for v in samples[r.first : r.first + r.count]])
    if not values.size:
        return None
    p50, p90, p99 = np.percentile(values, (50, 90, 99))
    deviation = values.std(ddof=1) if values.size > 1 else 0.0
    return Stats(*(round(float(v), 3) for v in (p50, p90, p99, values.mean(), deviation)))


def paired_ratio(times: Sequence[Times], against: Sequence[Times]) -> Ratio:
    """The middle over rounds of how many times longer one took.

    The two took turns: what slows a round down slows both, and falls out of its ratio. What is
    shorter than a round falls out where both are given in units of the yardstick (`relative`).

    Args:
        times: one entry a round, one array a process.
        against: the same rounds of the other.
    """
    ratios = [one / other for one, other in zip(times, against, strict=True)]
    low, high = interval(draws(ratios, np.random.default_rng(SEED)))
    return Ratio(middle(ratios), low, high)


def spread(medians: Sequence[Times]) -> float:
    """Half the 95 % interval of the middle, as a share of it."""
    low, high = interval(draws(medians, np.random.default_rng(SEED)))
    return (high - low) / 2 / middle(medians)
