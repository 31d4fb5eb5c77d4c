"""Two reports held against each other: what became slower, larger or less accurate beyond noise.

**Latency.** The figure is the ratio of times, new by old, each the typical one of its answers
(`statistics.typical`). Where both devices timed the same reference kernel beside the answers, times
are in units of it: that the machine itself was slower at the other time (its clock, its heat, its
neighbours) then makes no answer slower. A run is slower where the whole 99 % interval of that ratio
is above 1 *and* the ratio itself is above 1 + `TIME_TOLERANCE`. The interval comes from a bootstrap
of processes (`bootstrap_draws`). Few of them tell little of how processes differ, and one nothing;
the tolerance is for that. Half of the 5 % that must be found errs equally rarely on both sides.

**Size and memory** have next to no noise: more than `SIZE_TOLERANCE` of the file, or more than
`MEMORY_TOLERANCE` and `MEMORY_STEP` of private memory after the first answer, is larger.

**Accuracy** repeats on the same rows. A drop counts if it is more than `ACCURACY_TOLERANCE` and
comes from at least `ACCURACY_ROWS` rows: five that all tip to the wrong side have a chance of
1 in 32 if either side were as likely (a sign test), four would have 1 in 16.

**Not compared** are cold start, p99, peak memory and energy: a report has too few of them to tell a
change from noise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any, Literal, TypeAlias

from edgebert.benchmarking.report.rows import TableRow, input_name, rows
from edgebert.benchmarking.result import BenchmarkReport, DeviceResult, Run
from edgebert.benchmarking.statistics import (
    Times,
    bootstrap_draws,
    by_process,
    counted,
    relative,
    typical_time,
)
from edgebert.benchmarking.validation import validate
from edgebert.errors import CheckFailedError, EdgebertError
from edgebert.formatting import clean, megabytes, number

TIME_TOLERANCE = 0.025
NOTED_SPEED = 0.05
SIZE_TOLERANCE = 0.005
MEMORY_TOLERANCE = 0.05
MEMORY_STEP = 1_000_000  # bytes: what an allocator gives or takes
ACCURACY_TOLERANCE = 0.005
ACCURACY_ROWS = 5

LEVEL = 0.99
FEWEST_ROUNDS = 5
SEED = 20_200_310

_NAMED = 3

What: TypeAlias = Literal["latency", "size", "memory", "accuracy"]
Verdict: TypeAlias = Literal["worse", "better", "same"]
Key: TypeAlias = tuple[str | int | None, ...]

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
        low: lower end of its interval (of latency; 99 %).
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
    """The outcome of `compare`.

    Attributes:
        changes: every figure that both reports have, those that stayed as they were too.
        notes: what differs between the reports beside the figures, one line each.
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
                reason = self.notes[0] if self.notes else "the reports have no run in common"
                raise EdgebertError(f"no time could be compared: {reason}")
            return
        first = "; ".join(change.sentence for change in self.worse[:_NAMED])
        more = f"; and {len(self.worse) - _NAMED} more" if len(self.worse) > _NAMED else ""
        raise CheckFailedError(f"worse than before: {first}{more}")

    def to_json(self) -> dict[str, Any]:
        """Plain values, for machines."""
        return {
            "worse": len(self.worse),
            "better": len(self.better),
            "changes": [asdict(change) for change in self.changes],
            "notes": list(self.notes),
        }


def compare(old: BenchmarkReport, new: BenchmarkReport) -> ReportComparison:
    """Holds a report against an older one.

    Runs belong together if device, name of the model, task, quantisation, input, engine, threads
    and cores are the same; the file itself and versions may differ. Of a model that was measured
    twice, the first belongs to the first and the second to the second.

    Raises:
        EdgebertError: a report holds numbers that no device can have measured.
    """
    validate(old)
    validate(new)
    before = {key: row for device in old.devices for key, row in _keyed(device)}
    after = {key: row for device in new.devices for key, row in _keyed(device)}
    changes: list[Change] = []
    notes = [*_device_notes(old, new)]
    for key, row in after.items():
        if key in before:
            changes += _changes(before[key], row)
            notes += _run_notes(before[key], row)
    notes += _missing("the old report", [after[key] for key in after if key not in before])
    notes += _missing("the new report", [before[key] for key in before if key not in after])
    return ReportComparison(tuple(dict.fromkeys(changes)), tuple(dict.fromkeys(notes)))


def ratio_of_times(old: Sequence[Times], new: Sequence[Times]) -> tuple[float, float, float] | None:
    """How many times the time of `old` a run takes: ratio, and its interval.

    Args:
        old: the typical time of each round, one array a process.
        new: the same.

    None where fewer than `FEWEST_ROUNDS` rounds of either are left, throttled ones not counted.
    """
    import numpy as np

    rounds = (sum(map(len, old)), sum(map(len, new)))
    if min(rounds) < FEWEST_ROUNDS or min(each.min() for each in (*old, *new)) <= 0:
        return None
    random = np.random.default_rng(SEED)
    drawn = bootstrap_draws(new, random) / bootstrap_draws(old, random)
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return typical_time(new) / typical_time(old), float(low), float(high)


def _keyed(device: DeviceResult) -> Iterator[tuple[Key, TableRow]]:
    """Each run with what it is known by."""
    numbers: dict[Key, count[int]] = {}
    for row in rows(device):
        run, model = row.run, row.run.model
        key: Key = (device.name, model.name, model.task, model.quantization)
        key += (input_name(run.input), run.engine, run.accelerator, run.threads, run.cores)
        yield (*key, next(numbers.setdefault(key, count()))), row


def _place(row: TableRow) -> str:
    return f"{clean(row.device.name, 60)}: {_label(row)}"


def _missing(where: str, missing: list[TableRow]) -> Iterator[str]:
    """Runs that one of the reports lacks, in one line."""
    if missing:
        named = "; ".join(map(_place, missing[:_NAMED]))
        more = f"; and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        yield f"not in {where}: {named}{more}"


def _label(row: TableRow) -> str:
    run = row.run
    cores = f", cores {run.cores}" if run.cores else ""
    return clean(
        f"{row.name} ({run.model.quantization}), {row.input}, {run.engine}, "
        f"threads {run.threads}{cores}"
    )


def _changes(old: TableRow, new: TableRow) -> Iterator[Change]:
    place = (new.device.name, _label(new))
    same = _same_reference(old, new)
    times = ratio_of_times(_round_times(old.run, same), _round_times(new.run, same))
    if times is not None:
        ratio, low, high = times
        milliseconds = (_typical_time(old.run) / 1000, _typical_time(new.run) / 1000)
        worse = low > 1 and ratio > 1 + TIME_TOLERANCE
        better = high < 1 and ratio < 1 / (1 + TIME_TOLERANCE)
        yield Change(*place, "latency", _verdict(worse, better), *milliseconds, ratio, low, high)
    sizes = (old.run.model.bytes, new.run.model.bytes)
    model = f"{clean(new.name)} ({clean(new.run.model.quantization)})"
    yield _amount((new.device.name, model), "size", *sizes, SIZE_TOLERANCE, 0)
    memory = (old.run.memory.first.private, new.run.memory.first.private)
    if memory[0] is not None and memory[1] is not None:
        yield _amount(place, "memory", memory[0], memory[1], MEMORY_TOLERANCE, MEMORY_STEP)
    yield from _accuracy(place, old.run, new.run)


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


def _same_reference(old: TableRow, new: TableRow) -> bool:
    """Whether both timed the same fixed calculation beside their answers."""
    one, other = old.device.facts.reference, new.device.facts.reference
    return (
        one is not None
        and one == other
        and bool(old.run.samples_us.reference and new.run.samples_us.reference)
    )


def _round_times(run: Run, in_reference_units: bool = False) -> list[Times]:
    """The typical time of each round that was not throttled, by process; else in microseconds."""
    samples = run.samples_us
    times = relative(samples.total, samples.reference if in_reference_units else ())
    return by_process(times, counted(run.rounds))


def _speed(old: Run, new: Run) -> float:
    """How many times as fast the machine did a fixed calculation in the new one."""
    import numpy as np

    then, now = (float(np.median(run.samples_us.reference)) for run in (old, new))
    return then / now if then and now else 1.0  # a clock too coarse for it


def _typical_time(run: Run) -> float:
    return typical_time(_round_times(run))


def _device_notes(old: BenchmarkReport, new: BenchmarkReport) -> Iterator[str]:
    before = {device.name: device for device in old.devices}
    if not before.keys() & {device.name for device in new.devices}:
        yield "the reports have no device in common; nothing was compared"
    for device in new.devices:
        if device.name not in before:
            continue
        one, other = before[device.name].facts, device.facts
        facts = {
            "board": (one.board, other.board),
            "processor": (one.cpu, other.cpu),
            "governor": (one.governor, other.governor),
            "system": (one.os, other.os),
            "Python": (one.python, other.python),
            "power": (one.power, other.power),
            "throttled": (one.throttled, other.throttled),
            "reference kernel": (one.reference, other.reference),
        }
        for name, (was, now) in facts.items():
            if was != now:
                yield clean(f"{device.name}: {name} is {_shown(now)}, was {_shown(was)}")
        for when, here, there in (("before", one, other), ("now", other, one)):
            for note in here.notes:
                if note not in there.notes:
                    yield clean(f"{device.name}, {when} only: {note}")


def _run_notes(old: TableRow, new: TableRow) -> Iterator[str]:
    one, other = old.run, new.run
    if one.engine_version != other.engine_version:
        yield clean(
            f"{new.device.name}: {other.engine} is {_shown(other.engine_version)}, "
            f"was {_shown(one.engine_version)}"
        )
    if min(len(counted(one.rounds)), len(counted(other.rounds))) < FEWEST_ROUNDS:
        yield f"{_place(new)}: latency not compared: one has fewer than {FEWEST_ROUNDS} rounds"
    if _same_reference(old, new):
        speed = _speed(one, other)
        if abs(speed - 1) > NOTED_SPEED:
            yield (
                f"{_place(new)}: the machine did a fixed calculation {speed:.2f} times as fast as "
                "then; the ratio of the times allows for that"
            )
    if one.input.count != other.input.count:
        yield f"{_place(new)}: {other.input.count} texts, were {one.input.count}"
    was, now = one.accuracy, other.accuracy
    if was and now and (was.metric, was.rows) != (now.metric, now.rows):
        yield clean(
            f"{_place(new)}: accuracy not compared: {now.metric} of {now.rows} rows, "
            f"was {was.metric} of {was.rows}"
        )


def _shown(value: str | bool | None) -> str:
    if value is None:
        return "not known"
    return ("no", "yes")[value] if isinstance(value, bool) else value
