"""Which model of a report to ship within limits of time, size and accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, Literal, get_args

from edgebert.benchmarking.report.rows import TableRow, distinct, rows
from edgebert.benchmarking.result import BenchmarkReport, DeviceResult
from edgebert.benchmarking.validation import validate
from edgebert.errors import EdgebertError
from edgebert.formatting import clean, megabytes, number, plural

NEAR = 0.25
"""How far beyond a limit counts as just outside, as a share of the limit."""

_SHOWN_NEAR = 3

Preference = Literal["size", "speed", "accuracy"]
PREFERENCES: tuple[Preference, ...] = get_args(Preference)


@dataclass(frozen=True)
class Limits:
    """What a model must keep to; None: whatever it is.

    Attributes:
        max_ms: median of an answer, milliseconds.
        max_mb: the file, millions of bytes.
        min_accuracy: in the task's usual metric.
    """

    max_ms: float | None = None
    max_mb: float | None = None
    min_accuracy: float | None = None

    def __post_init__(self) -> None:
        for name, limit in (("--max-ms", self.max_ms), ("--max-mb", self.max_mb)):
            if limit is not None and not (limit > 0 and isfinite(limit)):
                raise EdgebertError(f"{name} is {limit:g}; give more than 0")
        if self.min_accuracy is not None and not isfinite(self.min_accuracy):
            raise EdgebertError(f"--min-accuracy is {self.min_accuracy:g}; give a number")


@dataclass(frozen=True)
class Candidate:
    """A model file, with its quickest run on each device.

    Attributes:
        runs: one a device, in the order of the report.
        over: by limit that it misses, how far as a share of the limit; infinite where the figure
            was not measured.
    """

    runs: tuple[TableRow, ...]
    over: dict[str, float]

    @property
    def name(self) -> str:
        """The model's name."""
        return self.runs[0].name

    @property
    def bytes(self) -> int:
        """Size of the file."""
        return self.runs[0].run.model.bytes

    @property
    def ms(self) -> float | None:
        """Median of an answer on the slowest device."""
        times = [row.p50 for row in self.runs]
        known = [ms for ms in times if ms is not None]
        return max(known) if len(known) == len(times) else None

    @property
    def accuracy(self) -> float | None:
        """The lowest that was measured on a device."""
        known = [row.accuracy.value for row in self.runs if row.accuracy]
        return min(known, default=None)

    @property
    def floor(self) -> float | None:
        """The accuracy from which on another model is as accurate, as far as the data can tell.

        The lower end of the 95 % interval of what was measured; without one, what was measured.
        """
        known = [row.accuracy for row in self.runs if row.accuracy]
        lowest = min(known, key=lambda each: each.value, default=None)
        if lowest is None:
            return None
        return lowest.value if lowest.low is None else lowest.low

    @property
    def fits(self) -> bool:
        """Keeps all limits."""
        return not self.over

    @property
    def figures(self) -> str:
        """Time, size and accuracy in words."""
        right = "accuracy not measured" if self.accuracy is None else f"{self.accuracy:.4f}"
        return f"{number(self.ms)} ms, {megabytes(self.bytes)} MB, {right}"

    @property
    def misses(self) -> str:
        """Which limits it misses, and by how much, in words."""
        return ", ".join(
            f"{what} not measured" if share == inf else f"{what} {100 * share:.1f} % off"
            for what, share in self.over.items()
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values, for machines."""
        unknown = [what for what, share in self.over.items() if share == inf]
        return {
            "model": self.name,
            "sha256": self.runs[0].run.model.sha256,
            "quantization": self.runs[0].run.model.quantization,
            "p50_ms": self.ms,
            "bytes": self.bytes,
            "accuracy": self.accuracy,
            "over": {what: share for what, share in self.over.items() if what not in unknown},
            "not_measured": unknown,
            "runs": [
                {
                    "device": row.device.name,
                    "engine": row.run.engine,
                    "threads": row.run.threads,
                    "cores": row.run.cores,
                    "p50_ms": row.p50,
                }
                for row in self.runs
            ],
        }


@dataclass(frozen=True)
class Choice:
    """The outcome of `pick`.

    Attributes:
        input: what the times are of.
        prefer: what decided among models that are equally accurate.
        fitting: the best first.
        ties: how many of those that fit, the first ones, are as accurate as the most accurate, as
            far as the data can tell; 0 where no accuracy was measured.
        near: those just outside the limits, the nearest first.
        others: how many lie farther outside.
        notes: what the choice could not take into account.
    """

    input: str
    devices: tuple[str, ...]
    prefer: Preference
    fitting: tuple[Candidate, ...]
    ties: int
    near: tuple[Candidate, ...]
    others: int
    notes: tuple[str, ...]

    @property
    def best(self) -> Candidate | None:
        """The model to ship; None where none fits."""
        return self.fitting[0] if self.fitting else None

    @property
    def why(self) -> str:
        """Why it is that one, in words."""
        words = {
            "accuracy": "the most accurate",
            "size": "the smallest",
            "speed": "the quickest",
        }
        if not self.fitting:
            return "no model fits"
        if len(self.fitting) == 1:
            return "the only model that fits"
        fit = f"{plural(len(self.fitting), 'model')} that fit"
        if self.prefer == "accuracy" or self.ties in (0, len(self.fitting)):
            return f"{words[self.prefer]} of {fit}"
        if self.ties == 1:
            return f"the most accurate of {fit}"
        return f"{words[self.prefer]} of {self.ties} equally accurate ones, of {fit}"

    def to_json(self) -> dict[str, Any]:
        """Plain values, for machines."""
        return {
            "input": self.input,
            "devices": list(self.devices),
            "best": self.best.to_json() if self.best else None,
            "why": self.why,
            "prefer": self.prefer,
            "ties": self.ties,
            "fitting": [candidate.to_json() for candidate in self.fitting],
            "near": [candidate.to_json() for candidate in self.near],
            "others": self.others,
            "notes": list(self.notes),
        }


def pick(
    report: BenchmarkReport,
    limits: Limits,
    *,
    device: str | None = None,
    given: str | None = None,
    prefer: Preference | None = None,
) -> Choice:
    """Names the model to ship.

    Each model counts with its quickest setting (engine, threads, cores) on each device. Models
    whose accuracy lies within the interval of the most accurate that fits are equally accurate, and
    among them the preference decides; the others follow by their accuracy. Where accuracy alone is
    limited, all that reach it count as equal.

    Args:
        report: of `edgebert benchmark`.
        limits: what the model must keep to.
        device: its name in the report; None: a model must fit on every device.
        given: "texts", or a number of tokens; None: texts if there are, else the longest length.
        prefer: None: size, and speed where no accuracy was measured.

    Raises:
        EdgebertError: the report has no such device or input, models of several tasks, or
            numbers that no device can have measured; or an unknown preference, or one for
            accuracy where none was measured.
    """
    if prefer not in (None, *PREFERENCES):
        raise EdgebertError(f"--prefer is {prefer!r}; accepted: {', '.join(PREFERENCES)}")
    validate(report)
    devices = _devices(report, device)
    every = [row for each in devices for row in rows(each)]
    name = _input(every, given)
    shown = [row for row in every if row.input == name]
    _require_one_task(shown)
    models, notes = _models(shown, devices)
    candidates = [Candidate(runs, _over(runs, limits)) for runs in models]
    fits = [c for c in candidates if c.fits]
    ties = _ties(fits, limits)
    if prefer == "accuracy" and fits and not any(c.accuracy is not None for c in fits):
        raise EdgebertError(
            "--prefer accuracy: none was measured; give edgebert benchmark --data, or leave it out"
        )
    prefer = prefer or ("size" if ties else "speed")
    fitting = _ranked(fits, ties, prefer)
    outside = sorted((c for c in candidates if not c.fits), key=_distance)
    close = [c for c in outside if _distance(c) <= NEAR]
    near = (close or ([] if fitting else outside))[:_SHOWN_NEAR]
    unknown = [c.name for c in candidates if c.accuracy is None]
    if unknown:
        notes.append(f"accuracy was not measured: {clean(', '.join(unknown))}")
    return Choice(
        input=name,
        devices=tuple(each.name for each in devices),
        prefer=prefer,
        fitting=tuple(fitting),
        ties=len(ties),
        near=tuple(near),
        others=len(outside) - len(near),
        notes=tuple(notes),
    )


def _devices(report: BenchmarkReport, name: str | None) -> tuple[DeviceResult, ...]:
    found = tuple(each for each in report.devices if name in (None, each.name))
    if not found:
        there = ", ".join(clean(each.name, 60) for each in report.devices)
        raise EdgebertError(f"the report has no device {name}; it has {there}")
    return found


def _input(every: Sequence[TableRow], given: str | None) -> str:
    """The name of the input that is meant."""
    texts = distinct(row.input for row in every if row.run.input.kind == "texts")
    lengths = {row.run.input.tokens or 0: row.input for row in every if row.input not in texts}
    if given is None and (texts or lengths):
        return texts[0] if texts else lengths[max(lengths)]
    if given == "texts" and texts:
        return texts[0]
    if given is not None and given.isdecimal() and int(given) in lengths:
        return lengths[int(given)]
    there = [*(["texts"] if texts else []), *map(str, sorted(lengths))]
    raise EdgebertError(f"the report has no input {given}; it has {', '.join(there) or 'none'}")


def _require_one_task(shown: Sequence[TableRow]) -> None:
    tasks = distinct(row.run.model.task for row in shown)
    if len(tasks) > 1:
        raise EdgebertError(
            f"the report has models for {', '.join(tasks)}; measure one task at a time to pick"
        )
    metrics = distinct(row.accuracy.metric for row in shown if row.accuracy)
    if len(metrics) > 1:
        raise EdgebertError(
            f"accuracy is measured as {clean(', '.join(metrics))}; measure all models alike"
        )


def _models(
    shown: Sequence[TableRow], devices: Sequence[DeviceResult]
) -> tuple[list[tuple[TableRow, ...]], list[str]]:
    """The quickest run of each file on each device; notes on files that a device lacks."""
    found: dict[tuple[str, str], dict[str, TableRow]] = {}
    for row in shown:
        on = found.setdefault((row.name, row.run.model.sha256), {})
        rival = on.get(row.device.name)
        if rival is None or _latency(row) < _latency(rival):
            on[row.device.name] = row
    whole = [tuple(on.values()) for on in found.values() if len(on) == len(devices)]
    partly = [name for (name, _), on in found.items() if len(on) < len(devices)]
    return whole, [f"{clean(name)}: not measured on every device" for name in partly]


def _latency(row: TableRow) -> float:
    return inf if row.p50 is None else row.p50


def _over(runs: tuple[TableRow, ...], limits: Limits) -> dict[str, float]:
    """The limits that a model misses, and how far as a share of each."""
    model = Candidate(runs, {})
    upper = (("time", model.ms, limits.max_ms), ("size", model.bytes / 1e6, limits.max_mb))
    over = {
        what: inf if value is None else value / limit - 1
        for what, value, limit in upper
        if limit is not None and (value is None or value > limit)
    }
    least = limits.min_accuracy
    if least is not None and model.accuracy is None:
        over["accuracy"] = inf
    elif least is not None and model.accuracy is not None and model.accuracy < least:
        over["accuracy"] = (least - model.accuracy) / abs(least or 1)
    return over


def _distance(candidate: Candidate) -> float:
    return max(candidate.over.values())


def _ties(fits: Sequence[Candidate], limits: Limits) -> list[Candidate]:
    """Those that are as accurate as the most accurate, as far as the data can tell."""
    known = [each for each in fits if each.accuracy is not None]
    if limits.min_accuracy is not None and limits.max_ms is None and limits.max_mb is None:
        return known
    best = max(known, key=lambda each: each.accuracy or 0.0, default=None)
    floor = None if best is None else best.floor
    return [each for each in known if floor is not None and (each.accuracy or 0.0) >= floor]


def _ranked(
    fits: Sequence[Candidate], ties: Sequence[Candidate], prefer: Preference
) -> list[Candidate]:
    """The best first: the ties as is preferred, the others by their accuracy."""
    if prefer == "accuracy" or not ties:
        return sorted(fits, key=lambda each: _order(each, prefer))
    others = [each for each in fits if each not in ties]
    return [
        *sorted(ties, key=lambda each: _order(each, prefer)),
        *sorted(others, key=lambda each: _order(each, "accuracy")),
    ]


def _order(candidate: Candidate, prefer: Preference) -> tuple[float, ...]:
    right = inf if candidate.accuracy is None else -candidate.accuracy
    ms = inf if candidate.ms is None else candidate.ms
    size = float(candidate.bytes)
    return {
        "accuracy": (right, size, ms),
        "size": (size, right, ms),
        "speed": (ms, size, right),
    }[prefer]
