"""Interleaved models: each in a process of its own, asked for one round after the other.

What disturbs a device for a while so disturbs all of them alike. And what a process happens to be
dealt, such as where its pages lie, stays with it and makes it a percent or two faster or slower
than the next one: so each model is given several processes, one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from edgebert.benchmarking.cores import clock_mhz
from edgebert.benchmarking.energy import Meter
from edgebert.benchmarking.facts import read_temperature
from edgebert.benchmarking.process import Process
from edgebert.benchmarking.result import Energy, Round
from edgebert.benchmarking.statistics import Times, by_process, relative, rounds_that_count, spread
from edgebert.benchmarking.system import System
from edgebert.benchmarking.throttling import happened, read_throttling

ROUND_SECONDS = 0.05
FEWEST_ROUNDS = 10
MOST_ROUNDS = 3 * FEWEST_ROUNDS
"""Where a device slows itself down again and again, it ends after so many rounds and `MOST_TIMES`
times the shortest time, whether they count or not."""
CONVERGED = 0.006
"""A time is stable when half its interval is this share of it."""
CONVERGED_RATIO = 0.01
"""The same of the time of a model and that of the first one: 2 % more or less then shows."""
MOST_TIMES = 10
"""Where times do not become stable, it ends after so many times the shortest time."""

_ENERGY_SECONDS = 2.0

Thing = TypeVar("Thing")
OnShare = Callable[[float], None]
"""Is told which share of the work is done."""


@dataclass
class Measurements:
    """What the rounds of one model gave.

    Attributes:
        samples: by part, see `result.Samples`.
        starts: what each process told first.
    """

    samples: dict[str, list[float]] = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)
    starts: list[Mapping[str, Any]] = field(default_factory=list)

    def add(self, times: Mapping[str, Sequence[float]], **state: Any) -> None:
        """Takes the answers of one more round, and the process and state they came from."""
        self.rounds.append(Round(len(self.samples.get("total", ())), len(times["total"]), **state))
        for part, values in times.items():
            self.samples.setdefault(part, []).extend(round(value, 2) for value in values)

    def seconds(self, turns: Iterable[int]) -> float:
        """All answers of these rounds together."""
        rounds = (self.rounds[turn] for turn in turns)
        return sum(sum(self.samples["total"][r.first : r.first + r.count]) for r in rounds) / 1e6

    def times(self, turns: Iterable[int]) -> list[Times]:
        """The typical time of each of these rounds, one array a process."""
        times = relative(self.samples["total"], self.samples.get("reference", ()))
        return by_process(times, [self.rounds[turn] for turn in turns])


@dataclass(frozen=True)
class StoppingRule:
    """When it is enough; turns in which the device slowed itself down do not count.

    Attributes:
        rounds: exactly so many a model, even slowed-down ones; None: as the seconds say.
        min_seconds: of answers a model; then on until its time is stable.
        processes: of each model, which share the rounds or seconds.
    """

    rounds: int | None
    min_seconds: float
    processes: int = 1

    def has_enough_of(self, process: int, measurements: Sequence[Measurements]) -> bool:
        """Whether the processes up to this one, counted from 0, have given their share.

        Those beyond `processes` give more and more, as starting one takes longer than a round.
        """
        if self.rounds is not None:
            processes = min(self.processes, self.rounds)  # each gives a round at least
            return _turns(measurements) * processes >= self.rounds * (process + 1)
        share = (process + 1) / self.processes
        if share > 1:
            share = (1 + 1 / self.processes) ** (process + 1 - self.processes)
        return self._have_counted(share, measurements)

    def share(self, measurements: Sequence[Measurements]) -> float:
        """How much is done; 1 when all is."""
        turns = _turns(measurements)
        if self.rounds is not None:
            return min(1.0, turns / self.rounds)
        seconds, most = _seconds(measurements, range(turns)), MOST_TIMES * self.min_seconds
        if self._have_counted(1, measurements) and (
            seconds >= most or _have_converged(measurements)
        ):
            return 1.0
        return min(turns / MOST_ROUNDS, seconds / most if most else 1.0, 1.0)

    def _have_counted(self, share: float, measurements: Sequence[Measurements]) -> bool:
        """Whether the fewest rounds and seconds, or so many times as much, are there and count."""
        turns = _counted(measurements)
        enough = len(turns) >= FEWEST_ROUNDS * share
        return enough and _seconds(measurements, turns) >= self.min_seconds * share


def interleave(
    number: int,
    processes: Sequence[Process],
    measurements: Sequence[Measurements],
    rule: StoppingRule,
    system: System,
    cores: Sequence[int] | None = None,
    on_share: OnShare = lambda share: None,
) -> None:
    """Asks for rounds until there are enough of these processes; each begins with another model.

    Args:
        number: of the processes, from 0 on.
        processes: one a model.
        measurements: what the processes before them gave, one a model; theirs is added.
        rule: when it is enough.
        system: the device.
        cores: on which they run; None: all.
        on_share: see `OnShare`.

    Raises:
        EdgebertError: a process fails.
    """
    for process in processes:
        process.ask("round", seconds=0)  # each length once, so that it is set up
    turn = _turns(measurements)
    while (share := rule.share(measurements)) < 1 and not rule.has_enough_of(number, measurements):
        on_share(share)
        for at in rotated(range(len(processes)), turn):
            before = read_throttling(system)
            times = processes[at].ask("round", seconds=ROUND_SECONDS)
            measurements[at].add(
                times,
                process=number,
                throttled=happened(before, read_throttling(system)),
                clock_mhz=clock_mhz(system, cores),
                temperature_c=read_temperature(system),
            )
        turn += 1


def rotated(things: Sequence[Thing], number: int) -> Sequence[Thing]:
    """All of them, beginning with another one for each number."""
    first = number % len(things)
    return [*things[first:], *things[:first]]


def take_energy(process: Process, meter: Meter | None) -> Energy | None:
    """The energy of a thousand answers, from some seconds of them without a break."""
    if meter is None:
        return None
    meter.start()
    try:
        answers = process.ask("answers", seconds=_ENERGY_SECONDS)["count"]
    finally:
        joules = meter.stop()
    return Energy(round(1000 * joules / answers, 6), meter.source) if joules else None


def _have_converged(measurements: Sequence[Measurements]) -> bool:
    """Whether all times that count are stable, and their ratios to the first."""
    turns = _counted(measurements)
    first, *others = (each.times(turns) for each in measurements)
    return all(spread(each) < CONVERGED for each in (first, *others)) and all(
        spread([a / b for a, b in zip(other, first, strict=True)]) < CONVERGED_RATIO
        for other in others
    )


def _turns(measurements: Sequence[Measurements]) -> int:
    return len(measurements[-1].rounds)


def _counted(measurements: Sequence[Measurements]) -> list[int]:
    """The turns in which no model was slowed down."""
    return rounds_that_count(*(each.rounds for each in measurements))


def _seconds(measurements: Sequence[Measurements], turns: Sequence[int]) -> float:
    return min(each.seconds(turns) for each in measurements)
