"""What became of a run: slower, larger or less accurate than before, beyond noise.

**Latency.** The figure is the ratio of times, new by old, with an interval. A run is slower where
the whole interval is above 1 *and* the ratio itself is above 1 + `TIME_TOLERANCE`: an interval made
of few processes tells little of how processes differ, and the tolerance is for that. Half of the
5 % that must be found errs equally rarely on both sides.

**Size and memory** have next to no noise: more than `SIZE_TOLERANCE` of the file, or more than
`MEMORY_TOLERANCE` and `MEMORY_STEP` of private memory after the first answer, is larger.

**Accuracy** repeats on the same rows. A drop counts if it is more than `ACCURACY_TOLERANCE` and
comes from at least `ACCURACY_ROWS` rows: five that all tip to the wrong side have a chance of
1 in 32 if either side were as likely (a sign test), four would have 1 in 16.

**Not compared** are cold start, p99, peak memory and energy: a report has too few of them to tell a
change from noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from edgebert.benchmarking.report.rows import TableRow
from edgebert.benchmarking.result import Run
from edgebert.benchmarking.statistics import (
    Ratio,
    Times,
    by_process,
    counted,
    relative,
    typical_time,
)
from edgebert.errors import CheckFailedError, EdgebertError
from edgebert.formatting import clean, megabytes, number

TIME_TOLERANCE = 0.025
SIZE_TOLERANCE = 0.005
MEMORY_TOLERANCE = 0.05
MEMORY_STEP = 1_000_000  # bytes: what an allocator gives or takes
ACCURACY_TOLERANCE = 0.005
ACCURACY_ROWS = 5

NAMED = 3
"""So many runs are named in one line, and the others counted."""

What: TypeAlias = Literal["latency", "size", "memory", "accuracy"]
Verdict: TypeAlias = Literal["worse", "better", "same"]

_WORDS: dict[tuple[What, Verdict], str] = {
    ("latency", "worse"): "slower",
    ("latency", "better"): "quicker",
    ("size", "worse"): "larger",
    ("size", "better"): "smaller",
    ("memory", "worse"): "more memory",
    ("memory", "better"): "less memory",
    ("accuracy", "worse"): "less accurate",
    ("accuracy", "better"): "more accurate",
}


@dataclass(frozen=True)
class Change:
    """One figure of one run, then and now.

    Attributes:
        what: the figure.
        old: milliseconds of latency, bytes of size and memory, the metric of accuracy.
        ratio: new by old.
        low: lower end of its interval (of latency; 99 %, of interleaved models 95 %).
        high: upper end.
    """

    device: str
    run: str
    what: What
    verdict: Verdict
    old: float
    new: float
    ratio: float | None
    low: float | None = None
    high: float | None = None

    @property
    def sentence(self) -> str:
        """The change in plain words."""
        word = _WORDS.get((self.what, self.verdict), f"{self.what} as before")
        return f"{clean(self.device, 60)}: {clean(self.run)}: {word}: {self._figures()}"

    def _figures(self) -> str:
        if self.what == "accuracy":
            return f"{self.new:.4f}, was {self.old:.4f}"
        if self.what != "latency":
            return f"{megabytes(self.new)} MB, was {megabytes(self.old)}"
        interval = f" ({self.low:.3f} to {self.high:.3f})" if self.low and self.high else ""
        times = f"{self.ratio:.3f} times the time{interval}" if self.ratio else ""
        return f"{times}; {number(self.new)} ms, was {number(self.old)}"


@dataclass(frozen=True)
class ReportComparison:
    """The outcome of a comparison.

    Attributes:
        changes: every figure that both have, those that stayed as they were too.
        notes: what else differs, one line each.
    """

    changes: tuple[Change, ...]
    notes: tuple[str, ...]

    @property
    def worse(self) -> tuple[Change, ...]:
        """What became slower, larger or less accurate."""
        return tuple(change for change in self.changes if change.verdict == "worse")

    @property
    def better(self) -> tuple[Change, ...]:
        """What became quicker, smaller or more accurate."""
        return tuple(change for change in self.changes if change.verdict == "better")

    @property
    def timed(self) -> bool:
        """The time of at least one run was compared."""
        return any(change.what == "latency" for change in self.changes)

    def require(self) -> None:
        """Raises where anything became worse, or where no time could be compared.

        Raises:
            CheckFailedError: names the first few that became worse.
            EdgebertError: no run of one report has its like in the other, or rounds are too few.
        """
        if not self.worse:
            if not self.timed:
                reason = self.notes[0] if self.notes else "no runs belong together"
                raise EdgebertError(f"no time could be compared: {reason}")
            return
        first = "; ".join(change.sentence for change in self.worse[:NAMED])
        more = f"; and {len(self.worse) - NAMED} more" if len(self.worse) > NAMED else ""
        raise CheckFailedError(f"worse than before: {first}{more}")

    def to_json(self) -> dict[str, Any]:
        """Plain values, for machines."""
        return {
            "worse": len(self.worse),
            "better": len(self.better),
            "changes": [asdict(change) for change in self.changes],
            "notes": list(self.notes),
        }


def changes_of(old: TableRow, new: TableRow, times: Ratio | None) -> Iterator[Change]:
    """What became of each figure that both runs have.

    Args:
        old: the run before.
        new: the run now.
        times: how many times the time of the old run the new one takes; None: not known.
    """
    place = (new.device.name, run_label(new))
    if times is not None:
        milliseconds = (_typical_time(old.run) / 1000, _typical_time(new.run) / 1000)
        worse = times.low > 1 and times.value > 1 + TIME_TOLERANCE
        better = times.high < 1 and times.value < 1 / (1 + TIME_TOLERANCE)
        interval = (times.value, times.low, times.high)
        yield Change(*place, "latency", _verdict(worse, better), *milliseconds, *interval)
    sizes = (old.run.model.bytes, new.run.model.bytes)
    model = f"{clean(new.name)} ({clean(new.run.model.quantization)})"
    yield _amount((new.device.name, model), "size", *sizes, SIZE_TOLERANCE, 0)
    memory = (old.run.memory.first.private, new.run.memory.first.private)
    if memory[0] is not None and memory[1] is not None:
        yield _amount(place, "memory", memory[0], memory[1], MEMORY_TOLERANCE, MEMORY_STEP)
    yield from _accuracy(place, old.run, new.run)


def run_label(row: TableRow) -> str:
    """A run as sentences name it."""
    run = row.run
    cores = f", cores {run.cores}" if run.cores else ""
    return clean(
        f"{row.name} ({run.model.quantization}), {row.input}, {run.engine}, "
        f"threads {run.threads}{cores}"
    )


def round_times(run: Run, in_reference_units: bool = False) -> list[Times]:
    """The typical time of each round that was not throttled, by process; else in microseconds."""
    samples = run.samples_us
    times = relative(samples.total, samples.reference if in_reference_units else ())
    return by_process(times, counted(run.rounds))


def _amount(
    place: tuple[str, str], what: What, old: int, new: int, share: float, step: int
) -> Change:
    least = max(share * old, step)
    ratio = new / old if old else None
    return Change(*place, what, _verdict(new - old > least, old - new > least), old, new, ratio)


def _accuracy(place: tuple[str, str], old: Run, new: Run) -> Iterator[Change]:
    one, other = old.accuracy, new.accuracy
    if one is None or other is None or (one.metric, one.rows) != (other.metric, other.rows):
        return
    drop = one.value - other.value
    counts = abs(drop) > ACCURACY_TOLERANCE and abs(drop) * one.rows > ACCURACY_ROWS - 0.5
    verdict = _verdict(counts and drop > 0, counts and drop < 0)
    yield Change(*place, "accuracy", verdict, one.value, other.value, None)


def _verdict(worse: bool, better: bool) -> Verdict:
    return "worse" if worse else "better" if better else "same"


def _typical_time(run: Run) -> float:
    return typical_time(round_times(run))
