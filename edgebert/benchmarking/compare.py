"""A report held against an older one, or the models of one report against an older file in it.

Where both devices timed the same reference kernel beside the answers, times are in units of it:
that the machine itself was slower at the other time (its clock, its heat, its neighbours) then
makes no answer slower. What the kernel does not feel, such as neighbours in the outer caches, is
left. The interval of a ratio comes from a bootstrap of processes (`bootstrap_draws`).

An older file that is interleaved with the newer one leaves nothing of that: both met the same
machine.
What counts as worse: `changes.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import TypeAlias

from edgebert.benchmarking.changes import (
    NAMED,
    Change,
    ReportComparison,
    changes_of,
    round_times,
    run_label,
)
from edgebert.benchmarking.report.rows import TableRow, input_name, rows
from edgebert.benchmarking.result import BenchmarkReport, DeviceResult, Run
from edgebert.benchmarking.statistics import Ratio, Times, bootstrap_draws, counted, typical_time
from edgebert.benchmarking.validation import validate
from edgebert.formatting import clean

NOTED_SPEED = 0.05
LEVEL = 0.99
FEWEST_ROUNDS = 5
SEED = 20_200_310

Key: TypeAlias = tuple[str | int | None, ...]


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
            changes += changes_of(before[key], row, _ratio_of_reports(before[key], row))
            notes += _run_notes(before[key], row)
    notes += _missing("the old report", [after[key] for key in after if key not in before])
    notes += _missing("the new report", [before[key] for key in before if key not in after])
    return ReportComparison(tuple(dict.fromkeys(changes)), tuple(dict.fromkeys(notes)))


def compare_with_baseline(report: BenchmarkReport, baseline: str) -> ReportComparison:
    """Holds the models of a report against the first of its job, with which they were interleaved.

    Args:
        report: of one benchmark.
        baseline: name of the first model.

    Raises:
        EdgebertError: the report holds numbers that no device can have measured.
    """
    validate(report)
    changes: list[Change] = []
    notes: list[str] = []
    for device in report.devices:
        old_of: dict[Key, TableRow] = {}
        for row in rows(device):
            old = old_of.get(_setting(row.run))
            if old is not None:
                changes += changes_of(old, row, _interleaved_ratio(old, row))
                notes += _few_rounds(old, row) or _not_interleaved(old, row)
            elif row.run.model.name == baseline:
                old_of[_setting(row.run)] = row
            else:
                notes.append(f"{_place(row)}: not compared: {clean(baseline)} did not run so")
    return ReportComparison(tuple(dict.fromkeys(changes)), tuple(notes))


def ratio_of_times(old: Sequence[Times], new: Sequence[Times]) -> Ratio | None:
    """How many times the time of `old` a run takes, with a 99 % interval.

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
    return Ratio(typical_time(new) / typical_time(old), float(low), float(high))


def _ratio_of_reports(old: TableRow, new: TableRow) -> Ratio | None:
    same = _same_reference(old, new)
    return ratio_of_times(round_times(old.run, same), round_times(new.run, same))


def _interleaved_ratio(old: TableRow, new: TableRow) -> Ratio | None:
    """That of rounds in alternation; None where there are few or none."""
    for each in new.device.ratios:
        if (each.run, each.against) == (new.index, old.index) and not _few_rounds(old, new):
            return Ratio(each.ratio, each.low, each.high)
    return None


def _keyed(device: DeviceResult) -> Iterator[tuple[Key, TableRow]]:
    """Each run with what it is known by."""
    numbers: dict[Key, count[int]] = {}
    for row in rows(device):
        run, model = row.run, row.run.model
        key: Key = (device.name, model.name, model.task, model.quantization, *_setting(run))
        yield (*key, next(numbers.setdefault(key, count()))), row


def _setting(run: Run) -> Key:
    """What a run was measured with."""
    return (input_name(run.input), run.engine, run.accelerator, run.threads, run.cores)


def _place(row: TableRow) -> str:
    return f"{clean(row.device.name, 60)}: {run_label(row)}"


def _missing(where: str, missing: list[TableRow]) -> Iterator[str]:
    """Runs that one of the reports lacks, in one line."""
    if missing:
        named = "; ".join(map(_place, missing[:NAMED]))
        more = f"; and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        yield f"not in {where}: {named}{more}"


def _same_reference(old: TableRow, new: TableRow) -> bool:
    """Whether both timed the same fixed calculation beside their answers."""
    one, other = old.device.facts.reference, new.device.facts.reference
    return (
        one is not None
        and one == other
        and bool(old.run.samples_us.reference and new.run.samples_us.reference)
    )


def _speed(old: Run, new: Run) -> float:
    """How many times as fast the machine did a fixed calculation in the new one."""
    import numpy as np

    then, now = (float(np.median(run.samples_us.reference)) for run in (old, new))
    return then / now if then and now else 1.0  # a clock too coarse for it


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
    yield from _few_rounds(old, new)
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


def _few_rounds(old: TableRow, new: TableRow) -> list[str]:
    if min(len(counted(each.run.rounds)) for each in (old, new)) >= FEWEST_ROUNDS:
        return []
    return [f"{_place(new)}: latency not compared: one has fewer than {FEWEST_ROUNDS} rounds"]


def _not_interleaved(old: TableRow, new: TableRow) -> list[str]:
    if _interleaved_ratio(old, new) is not None:
        return []
    return [f"{_place(new)}: latency not compared: it was not interleaved with the older file"]


def _shown(value: str | bool | None) -> str:
    if value is None:
        return "not known"
    return ("no", "yes")[value] if isinstance(value, bool) else value
