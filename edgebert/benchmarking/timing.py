"""Answers, each with the time of its parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from edgebert.benchmarking.reference_kernel import ReferenceKernel
from edgebert.errors import EdgebertError

if TYPE_CHECKING:
    from edgebert.runtime.reply import Reply

WARM_UP = 3
WARM_UP_SECONDS = 0.02
"""So many answers before each round do not count, as the caches hold what other models left there;
fewer where they take longer than this together."""

REFERENCE_SHARE = 0.5
"""The reference kernel takes about this share of the time of an answer."""


class TimedModel(Protocol):
    """What is asked of a model; `edgebert.runtime.Model` has it."""

    def tokenize(self, text: str, pair: str | None = None) -> Any:
        """Tokenises."""

    def infer(self, job: Any) -> Reply:
        """Runs."""

    def watch(self, around: Callable[[Any], Any]) -> None:
        """Puts something around the interpreter."""


class Interpreter:
    """An interpreter that notes when it was invoked, and for how long.

    Attributes:
        began: at the first `invoke` since it was None.
        took: all `invoke` together.
    """

    def __init__(self, inner: Any, clock: Callable[[], int]) -> None:
        self._inner = inner
        self._clock = clock
        self.began: int | None = None
        self.took = 0

    def invoke(self) -> None:
        """Runs the graph."""
        start = self._clock()
        self._inner.invoke()
        end = self._clock()
        if self.began is None:
            self.began = start
        self.took += end - start

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@dataclass
class PartTimes:
    """Microseconds of each answer: one entry an answer in each list (see `result.Samples`)."""

    tokenize: list[float] = field(default_factory=list)
    set: list[float] = field(default_factory=list)
    invoke: list[float] = field(default_factory=list)
    finish: list[float] = field(default_factory=list)
    total: list[float] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)


def count_answers(
    model: TimedModel,
    texts: Sequence[tuple[str, str | None]],
    seconds: float,
    clock: Callable[[], int] = time.perf_counter_ns,
) -> int:
    """Answers all texts, again and again until the time is up, with nothing else in between.

    Returns:
        How many answers that were.

    Raises:
        EdgebertError: the model does not take a text.
    """
    until, count = clock() + int(seconds * 1e9), 0
    while True:
        for text, pair in texts:
            model.infer(model.tokenize(text, pair))
        count += len(texts)
        if clock() >= until:
            return count


class Stopwatch:
    """Times the answers of a model.

    Where a text takes several invocations, `set` is what lies before the first one and `finish`
    all that lies between and behind them.

    Args:
        model: its interpreter is watched from now on.
        clock: nanoseconds.
        reference: None: one with the same clock.
    """

    def __init__(
        self,
        model: TimedModel,
        clock: Callable[[], int] = time.perf_counter_ns,
        reference: ReferenceKernel | None = None,
    ) -> None:
        self._model = model
        self._clock = clock
        self._reference = reference or ReferenceKernel(clock)
        model.watch(self._around)

    def answer(self, text: str, pair: str | None, times: PartTimes) -> None:
        """One answer.

        Raises:
            EdgebertError: the model does not take the text.
        """
        clock, interpreter = self._clock, self._interpreter
        interpreter.began, interpreter.took = None, 0
        start = clock()
        job = self._model.tokenize(text, pair)
        prepared = clock()
        self._model.infer(job)
        end = clock()
        began = prepared if interpreter.began is None else interpreter.began
        invoke = interpreter.took
        times.tokenize.append((prepared - start) / 1000)
        times.set.append((began - prepared) / 1000)
        times.invoke.append(invoke / 1000)
        times.finish.append((end - began - invoke) / 1000)
        times.total.append((end - start) / 1000)

    def round(self, texts: Sequence[tuple[str, str | None]], seconds: float) -> PartTimes:
        """Answers all texts, again and again until the time is up, at least once.

        The reference kernel is measured before and after each answer; their mean stands beside it.

        Raises:
            EdgebertError: there are none, or the model does not take one.
        """
        if not texts:
            raise EdgebertError("no text to measure")
        reference = self._reference
        reference.adapt(REFERENCE_SHARE * self._warm_up(texts))
        times = PartTimes()
        before = reference.measure()
        until = self._clock() + int(seconds * 1e9)
        while True:
            for text, pair in texts:
                self.answer(text, pair, times)
                after = reference.measure()
                times.reference.append((before + after) / 2)
                before = after
            if self._clock() >= until:
                return times

    def _warm_up(self, texts: Sequence[tuple[str, str | None]]) -> float:
        """Gives the nanoseconds of an answer."""
        unused = PartTimes()
        until = self._clock() + int(WARM_UP_SECONDS * 1e9)
        for at in range(WARM_UP):
            self.answer(*texts[at % len(texts)], unused)
            if self._clock() >= until:
                break
        return 1000 * min(unused.total)

    def _around(self, interpreter: Any) -> Interpreter:
        self._interpreter = Interpreter(interpreter, self._clock)
        return self._interpreter
