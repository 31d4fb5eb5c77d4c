"""Two models on the same data: what one gains or loses, how sure that is, and where they differ."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from edgebert.errors import CheckFailedError, EdgebertError
from edgebert.evaluation.bootstrap import Interval, draw, interval
from edgebert.evaluation.data import DataSet
from edgebert.evaluation.evaluate import Evaluation, summarize
from edgebert.evaluation.evaluators.evaluator import EvaluatedModel, Observation
from edgebert.evaluation.tally import Tally, observe
from edgebert.progress import Progress, silent


@dataclass(frozen=True)
class Gate:
    """What may be lost: the baseline may be better by `max_drop`, not by more.

    Figures are compared, not their intervals.

    Attributes:
        metric: what is looked at; None: the first metric of the data.

    Raises:
        EdgebertError: `max_drop` is below 0 or no number.
    """

    max_drop: float
    metric: str | None = None

    def __post_init__(self) -> None:
        number = isinstance(self.max_drop, (int, float)) and math.isfinite(self.max_drop)
        if not number or self.max_drop < 0:
            raise EdgebertError(
                f"max drop is {self.max_drop!r}; a number from 0 on is needed, such as 0.01"
            )

    def choose_metric(self, metrics: Iterable[str]) -> str:
        """The metric that is looked at.

        Raises:
            EdgebertError: it is not among those of the data.
        """
        names = list(metrics)
        if self.metric is None:
            return names[0]
        if self.metric not in names:
            raise EdgebertError(
                f"metric {self.metric!r} is unknown; this data has {', '.join(names)}"
            )
        return self.metric


class Disagreement(NamedTuple):
    """A row of which the two models made something else.

    Attributes:
        place: file and line.
        text: the row.
        expected: what is right.
        predicted: what the model said.
        baseline: what the baseline said.
    """

    place: str
    text: str
    expected: str
    predicted: str
    baseline: str


@dataclass(frozen=True)
class Comparison:
    """A model beside a baseline.

    Attributes:
        model: how the model did.
        baseline: how the baseline did.
        differences: of each metric, the model's less the baseline's.
        intervals: of each difference, 95 %, from the paired bootstrap.
        disagreements: number of rows on which they disagree.
        shown: some of these, those that differ most first.
        falling: metrics that are better when lower.
    """

    model: Evaluation
    baseline: Evaluation
    differences: Mapping[str, float]
    intervals: Mapping[str, Interval]
    disagreements: int
    shown: tuple[Disagreement, ...]
    falling: frozenset[str]

    def drop(self, metric: str) -> float:
        """By how much the baseline is better; below 0 where the model is."""
        return self.differences[metric] * (1 if metric in self.falling else -1)

    def require(self, gate: Gate) -> None:
        """Makes sure that the baseline is not better by more than the gate allows.

        Raises:
            CheckFailedError: it is.
            EdgebertError: the data has no such metric.
        """
        name = gate.choose_metric(self.differences)
        drop = self.drop(name)
        if drop > gate.max_drop:
            low, high = self.intervals[name]
            raise CheckFailedError(
                f"{name} is {self.model.metrics[name]:.4f}, the baseline has "
                f"{self.baseline.metrics[name]:.4f}: worse by {drop:.4f}, allowed is "
                f"{gate.max_drop:g} (95 % interval of the difference {low:+.4f} to {high:+.4f}, "
                f"{self.model.rows:,} rows)"
            )

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from edgebert.page.notebook import notebook_table

        rows = []
        for name, difference in self.differences.items():
            low, high = self.intervals[name]
            values = (f"{each.metrics[name]:.4f}" for each in (self.model, self.baseline))
            rows.append((name, *values, f"{difference:+.4f}", f"{low:+.4f} to {high:+.4f}"))
        title = f"{self.model.rows:,} rows; they disagree on {self.disagreements:,}"
        return notebook_table(title, ("", "model", "baseline", "difference", "95 %"), rows)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for machines."""
        return {
            "model": self.model.to_json(),
            "baseline": self.baseline.to_json(),
            "differences": dict(self.differences),
            "intervals": {name: bounds.to_json() for name, bounds in self.intervals.items()},
            "disagreements": self.disagreements,
            "shown": [row._asdict() for row in self.shown],
        }


def compare(
    model: EvaluatedModel,
    baseline: EvaluatedModel,
    data: DataSet,
    *,
    show: int = 0,
    progress: Progress = silent,
) -> Comparison:
    """Runs two models on the same rows, interleaved.

    Args:
        model: an `edgebert.runtime.Model`.
        baseline: another one, for the same task.
        data: from `open_data`.
        show: most rows to keep of those on which they disagree.
        progress: told how many rows are done, those of both models counted.

    Raises:
        EdgebertError: the models are not for the same task or see different texts, or as
            `evaluate`.
    """
    if model.task != baseline.task:
        raise EdgebertError(
            f"the model is for {model.task}, the baseline for {baseline.task}; "
            "two files for the same task are needed"
        )
    tallies = Tally(), Tally()
    differing = _Differing(show)
    for pair in observe([model, baseline], data, progress):
        for tally, observation in zip(tallies, pair, strict=True):
            tally.add(observation)
        differing.add(*pair, distance=data.evaluator.distance(pair[0].value, pair[1].value))
    drawn = draw(data.evaluator.metrics, [tally.figures() for tally in tallies])
    one, other = (
        summarize(each, tally, data, draws)
        for each, tally, draws in zip((model, baseline), tallies, drawn, strict=True)
    )
    return Comparison(
        model=one,
        baseline=other,
        differences={name: one.metrics[name] - other.metrics[name] for name in one.metrics},
        intervals={name: interval(drawn[0][name] - drawn[1][name]) for name in one.metrics},
        disagreements=differing.count,
        shown=differing.most(),
        falling=data.evaluator.falling,
    )


class _Differing:
    """Counts rows on which two models disagree, and keeps those that differ most."""

    def __init__(self, most: int) -> None:
        self.count = 0
        self._most = most
        self._kept: list[tuple[float, int, Disagreement]] = []

    def add(self, one: Observation, other: Observation, *, distance: float) -> None:
        if one.expected != other.expected:
            raise EdgebertError(
                f"{one.place}: the two files do not see the same text (another vocabulary or "
                "maximum length), so their figures cannot be compared"
            )
        if not distance:
            return
        self.count += 1
        if self._most:
            row = Disagreement(one.place, one.text, one.expected, one.predicted, other.predicted)
            # Of equal distances the earlier row wins; the rows themselves are never compared.
            keep = heapq.heappushpop if len(self._kept) == self._most else heapq.heappush
            keep(self._kept, (distance, -self.count, row))

    def most(self) -> tuple[Disagreement, ...]:
        return tuple(row for _, _, row in sorted(self._kept, reverse=True))
