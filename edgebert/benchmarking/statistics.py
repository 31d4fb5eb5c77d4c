"""What samples come to: percentiles, and how sure a typical time and a ratio are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgebert.benchmarking.result import Round, Stats
from edgebert.evaluation.bootstrap import RESAMPLES, SEED, interval

Times = npt.NDArray[np.float64]

FEWEST_PROCESSES = 4
"""Of which a mean says more than the rounds of all of them."""

CUT = 0.2
"""Share of the values that `typical` leaves out at either end."""

_LEAST = 1e-3  # a nanosecond: below what any clock tells


@dataclass(frozen=True)
class Ratio:
    """How many times longer one thing takes than another, with a 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f}x ({self.low:.2f} to {self.high:.2f})"


def rounds_that_count(*runs: Sequence[Round]) -> list[int]:
    """The numbers of the rounds that count: they have answers, and none was throttled.

    Args:
        runs: the rounds of one run, or of several that were interleaved; of those, what slows one
            down takes the whole turn away.
    """
    turns = enumerate(zip(*runs, strict=True))
    return [number for number, turn in turns if all(r.count and not r.throttled for r in turn)]


def counted(rounds: Sequence[Round]) -> list[Round]:
    """The rounds of a run that count; see `rounds_that_count`."""
    return [rounds[number] for number in rounds_that_count(rounds)]


def of_rounds(samples: Sequence[float], rounds: Sequence[Round]) -> Times:
    """The samples that lie in some rounds, in their order, [n]."""
    return np.array([v for r in rounds for v in samples[r.first : r.first + r.count]], np.float64)


def relative(total: Sequence[float], reference: Sequence[float]) -> Times:
    """Each answer in units of the reference kernel, [n]; as it is where none was timed."""
    values = np.asarray(total, np.float64)
    return values / np.maximum(reference, _LEAST) if len(reference) else values


def typical(values: Sequence[float] | Times, axis: int = -1) -> Times:
    """The geometric mean of values without the smallest and the largest fifth.

    A median hangs on the few answers in the middle; texts of many lengths have few there. Measured
    on a host with busy neighbours, processes differed by 2.5 % in this mean of answers and by 3.4 %
    in their medians.
    """
    with np.errstate(divide="ignore"):  # 0 has the mean 0
        logarithms = np.sort(np.log(values), axis=axis)
    count = logarithms.shape[axis]
    cut = int(CUT * count)
    mean: Times = np.exp(logarithms.take(range(cut, count - cut), axis=axis).mean(axis=axis))
    return mean


def by_process(samples: Sequence[float] | Times, rounds: Sequence[Round]) -> list[Times]:
    """The typical time of each round, one array a process."""
    found: dict[int, list[float]] = {}
    for r in rounds:
        time = float(typical(samples[r.first : r.first + r.count]))
        found.setdefault(r.process, []).append(time)
    return [np.array(times) for times in found.values()]


def typical_time(times: Sequence[Times]) -> float:
    """The typical time of a run from those of its rounds, one array a process."""
    return float(typical(_drawn_from(times)))


def bootstrap_draws(times: Sequence[Times], random: np.random.Generator) -> Times:
    """What the typical time might have been as well, by a bootstrap, [RESAMPLES].

    The answers of one process share what it was dealt for life, and those of one round the state
    of the machine; thousands of them would make either look certain. So whole processes are drawn.
    Of fewer than `FEWEST_PROCESSES` the rounds are, in stretches of neighbours because they drift
    together (the circular block bootstrap of Politis and Romano, 1992). Where n can be drawn,
    the variance of a bootstrap is n - 1 by n of the right one, and is corrected.
    """
    values = _drawn_from(times)
    size = len(values)
    length = 1 if _has_enough_processes(times) else max(1, round(size**0.5))
    starts = random.integers(0, size, (RESAMPLES, -(-size // length)))
    chosen = (starts[:, :, None] + np.arange(length)).reshape(RESAMPLES, -1)[:, :size] % size
    drawn, centre, pieces = typical(values[chosen]), typical(values), size / length
    if pieces <= 1:
        return drawn
    return centre * (drawn / centre) ** (pieces / (pieces - 1)) ** 0.5  # type: ignore[no-any-return]


def _drawn_from(times: Sequence[Times]) -> Times:
    """The typical time of each process, or of few processes those of their rounds."""
    if _has_enough_processes(times):
        return np.array([typical(each) for each in times])
    return np.concatenate(times)


def _has_enough_processes(times: Sequence[Times]) -> bool:
    return len(times) >= FEWEST_PROCESSES


def summarize(samples: Sequence[float], rounds: Sequence[Round]) -> Stats | None:
    """Figures of all samples of rounds that count; None where there are none."""
    values = of_rounds(samples, counted(rounds))
    if not values.size:
        return None
    p50, p90, p99 = np.percentile(values, (50, 90, 99))
    deviation = values.std(ddof=1) if values.size > 1 else 0.0
    return Stats(*(round(float(v), 3) for v in (p50, p90, p99, values.mean(), deviation)))


def paired_ratio(times: Sequence[Times], against: Sequence[Times]) -> Ratio:
    """The typical value over rounds of how many times longer one took.

    The two were interleaved: what slows a round down slows both, and falls out of its ratio. What
    is shorter than a round falls out where both are in units of the reference kernel (`relative`).

    Args:
        times: one entry a round, one array a process.
        against: the same rounds of the other.
    """
    ratios = [one / other for one, other in zip(times, against, strict=True)]
    low, high = interval(bootstrap_draws(ratios, np.random.default_rng(SEED)))
    return Ratio(typical_time(ratios), low, high)


def spread(times: Sequence[Times]) -> float:
    """Half the 95 % interval of the typical time, as a share of it."""
    low, high = interval(bootstrap_draws(times, np.random.default_rng(SEED)))
    return (high - low) / 2 / typical_time(times)
