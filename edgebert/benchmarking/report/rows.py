"""A run as the figures that people compare, in milliseconds and bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from edgebert.benchmarking.result import (
    Accuracy,
    DeviceResult,
    Input,
    MemoryState,
    Run,
    accuracy_key,
)
from edgebert.formatting import plural

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Part = Literal["tokenize", "set", "invoke", "finish", "total"]
MemoryKind = Literal["private", "shared", "mapped", "resident"]


@dataclass(frozen=True)
class TableRow:
    """One run of a device.

    Attributes:
        index: its number in the device's runs.
    """

    device: DeviceResult
    index: int

    @property
    def run(self) -> Run:
        """What was measured."""
        return self.device.runs[self.index]

    @property
    def name(self) -> str:
        """The model's name, and the accelerator that ran it."""
        run = self.run
        return run.model.name + ("" if run.accelerator == "cpu" else f" ({run.accelerator})")

    @property
    def input(self) -> str:
        """Such as `questions` or `32 tokens`."""
        return input_name(self.run.input)

    @property
    def setting(self) -> str:
        """What the model ran on: engine, threads, cores."""
        run = self.run
        version = f" {run.engine_version}" if run.engine_version else ""
        cores = f", cores {run.cores}" if run.cores else ""
        return f"{run.engine}{version}, {plural(run.threads, 'thread')}{cores}"

    @property
    def p50(self) -> float | None:
        """Median, in milliseconds."""
        return self.run.stats.p50 / 1000 if self.run.stats else None

    @property
    def p90(self) -> float | None:
        """Nine answers of ten are as quick, in milliseconds."""
        return self.run.stats.p90 / 1000 if self.run.stats else None

    @property
    def p99(self) -> float | None:
        """99 answers of 100 are as quick, in milliseconds."""
        return self.run.stats.p99 / 1000 if self.run.stats else None

    @property
    def throttled(self) -> int:
        """Rounds during which the device slowed itself down; they are left out of all figures."""
        return sum(round_.throttled is True for round_ in self.run.rounds)

    @cached_property
    def accuracy(self) -> Accuracy | None:
        """That of the file on this device and engine, whichever of its runs measured it."""
        key = accuracy_key(self.run)
        of_file = (run for run in self.device.runs if accuracy_key(run) == key)
        return next((run.accuracy for run in (self.run, *of_file) if run.accuracy), None)

    def part(self, part: Part) -> float | None:
        """Median of one part of an answer, in milliseconds, throttled rounds left out."""
        import numpy as np

        values = samples(self.run, part)
        return float(np.median(values)) / 1000 if values.size else None

    def growth(self, kind: MemoryKind, state: MemoryState | None = None) -> int | None:
        """Bytes that the model added to the process until its first answer.

        Args:
            kind: of memory.
            state: another moment than the first answer.
        """
        then = state or self.run.memory.first
        return _difference(getattr(then, kind), getattr(self.before(state), kind))

    def before(self, state: MemoryState | None = None) -> MemoryState:
        """What the process held before the model: the one that `state` is of; None: the usual."""
        memory = self.run.memory
        apart = state is not None and state is not memory.first
        return (memory.compiled_baseline if apart else None) or memory.baseline

    @property
    def first_answer(self) -> float | None:
        """Milliseconds from opening the file to the first answer."""
        cold = self.run.cold
        if cold.load_ms is None or cold.first_ms is None:
            return None
        return cold.load_ms + cold.first_ms

    @property
    def joules(self) -> float | None:
        """Energy of a thousand answers, where the device can tell."""
        return self.run.energy.joules_per_1000 if self.run.energy else None

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What to know about this run, one line each; what int8 brought is in `quantized`."""
        if not self.throttled:
            return self.run.notes
        of = plural(len(self.run.rounds), "round")
        return (f"{self.throttled} of {of} throttled, left out of the figures", *self.run.notes)


def rows(device: DeviceResult) -> tuple[TableRow, ...]:
    """All runs of a device."""
    return tuple(TableRow(device, index) for index in range(len(device.runs)))


def input_name(given: Input) -> str:
    """Such as `questions` or `32 tokens`."""
    return f"{given.tokens} tokens" if given.kind == "length" else given.name or "texts"


def input_words(given: Input) -> str:
    """The same for who has not seen the command, such as `100 texts (questions)`."""
    if given.kind == "length":
        return f"a text of {given.tokens} tokens"
    texts = plural(given.count, "text") if given.count else "texts"
    return f"{texts} ({given.name})" if given.name else texts


def samples(run: Run, part: Part = "total") -> npt.NDArray[np.float64]:
    """Microseconds of every answer outside throttled rounds, in the order they were given, [n]."""
    from edgebert.benchmarking.statistics import counted, of_rounds

    return of_rounds(getattr(run.samples_us, part), counted(run.rounds))


def distinct(values: Iterable[str]) -> tuple[str, ...]:
    """Each value once, in the order of first appearance."""
    return tuple(dict.fromkeys(values))


def _difference(value: int | None, base: int | None) -> int | None:
    return None if value is None or base is None else value - base
