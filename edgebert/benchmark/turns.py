"""Models that take turns: each in a process of its own, asked for one round after the other.

What disturbs a device for a while so disturbs all of them alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edgebert.benchmark.cores import clock_mhz
from edgebert.benchmark.energy import Meter
from edgebert.benchmark.facts import read_temperature
from edgebert.benchmark.process import Process
from edgebert.benchmark.result import Energy, Round
from edgebert.benchmark.statistics import relative, round_medians, spread
from edgebert.benchmark.system import System
from edgebert.benchmark.throttling import happened, read_throttling

ROUND_SECONDS = 0.05
FEWEST_ROUNDS = 10
STEADY = 0.01
"""A median is stable when half its interval is this share of it."""
MOST_TIMES = 3
"""Where medians do not become stable, it ends after so many times the shortest time."""

_ENERGY_SECONDS = 2.0

Told = Callable[[float], None]
"""Is told which share of the work is done."""


@dataclass
class Taken:
    """What the rounds of one model gave.

    Attributes:
        samples: by part, see `result.Samples`.
    """

    samples: dict[str, list[float]] = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)

    def add(self, times: Mapping[str, Sequence[float]], **state: Any) -> None:
        """Takes the answers of one more round."""
        self.rounds.append(Round(len(self.samples.get("total", ())), len(times["total"]), **state))
        for part, values in times.items():
            self.samples.setdefault(part, []).extend(round(value, 2) for value in values)

    @property
    def seconds(self) -> float:
        """All answers together."""
        return sum(self.samples.get("total", ())) / 1e6

    @property
    def is_steady(self) -> bool:
        """Whether its median is stable."""
        times = relative(self.samples["total"], self.samples.get("yardstick", ()))
        return spread(round_medians(times, self.rounds)) < STEADY


@dataclass(frozen=True)
class Until:
    """When it is enough: after so many rounds, or else by seconds of answers a model."""

    rounds: int | None
    min_seconds: float

    def share(self, taken: Sequence[Taken]) -> float:
        """How much is done; 1 when all is."""
        turns = len(taken[-1].rounds)
        if self.rounds is not None:
            return min(1.0, turns / self.rounds)
        done = min(each.seconds for each in taken)
        if turns < FEWEST_ROUNDS or done < self.min_seconds:
            of_time = done / self.min_seconds if self.min_seconds else 1.0
            return min(turns / FEWEST_ROUNDS, of_time, 1.0) / MOST_TIMES
        if done >= MOST_TIMES * self.min_seconds or all(each.is_steady for each in taken):
            return 1.0
        return done / (MOST_TIMES * self.min_seconds)


def take_turns(
    processes: Sequence[Process],
    until: Until,
    system: System,
    cores: Sequence[int] | None = None,
    told: Told = lambda share: None,
) -> list[Taken]:
    """Asks for rounds until it is enough; each turn begins with another model.

    Raises:
        EdgebertError: a process fails.
    """
    taken = [Taken() for _ in processes]
    for process in processes:
        process.ask("round", seconds=0)  # each length once, so that it is set up
    turn = 0
    while (share := until.share(taken)) < 1:
        told(share)
        for place in range(len(processes)):
            at = (turn + place) % len(processes)
            before = read_throttling(system)
            times = processes[at].ask("round", seconds=ROUND_SECONDS)
            taken[at].add(
                times,
                throttled=happened(before, read_throttling(system)),
                clock_mhz=clock_mhz(system, cores),
                temperature_c=read_temperature(system),
            )
        turn += 1
    return taken


def take_energy(process: Process, meter: Meter | None) -> Energy | None:
    """The energy of a thousand answers, from some seconds of them without a break."""
    if meter is None:
        return None
    meter.start()
    try:
        answers = len(process.ask("round", seconds=_ENERGY_SECONDS)["total"])
    finally:
        joules = meter.stop()
    return Energy(round(1000 * joules / answers, 6), meter.source) if joules else None
