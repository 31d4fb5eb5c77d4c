"""How right a converted model is on labelled data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgebert.evaluation.bootstrap import Draws, Interval, draw, interval
from edgebert.evaluation.data import DataSet
from edgebert.evaluation.evaluators.evaluator import EvaluatedModel
from edgebert.evaluation.tally import Tally, observe
from edgebert.progress import Progress, silent


@dataclass(frozen=True)
class Evaluation:
    """How one model did.

    Attributes:
        rows: number of texts, pairs, queries, sentences or questions.
        metrics: by name; the first one is the task's usual one.
        intervals: of each metric, 95 %, from the percentile bootstrap (`evaluation.bootstrap`).
        seconds: tokenising and running the model; reading the data not counted.
        truncated: number of rows of which something was cut off.
        labels_without_rows: of a classifier; the metrics say nothing of them.
    """

    task: str
    rows: int
    metrics: Mapping[str, float]
    intervals: Mapping[str, Interval]
    seconds: float
    truncated: int
    labels_without_rows: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values, for machines."""
        return {
            "task": self.task,
            "rows": self.rows,
            "metrics": dict(self.metrics),
            "intervals": {name: bounds.to_json() for name, bounds in self.intervals.items()},
            "seconds": round(self.seconds, 6),
            "truncated": self.truncated,
            "labels_without_rows": list(self.labels_without_rows),
        }


def evaluate(model: EvaluatedModel, data: DataSet, *, progress: Progress = silent) -> Evaluation:
    """Runs a model on labelled data; all of it is checked first.

    Args:
        model: an `edgebert.runtime.Model`.
        data: from `open_data`.
        progress: told how many rows are done.

    Raises:
        EdgebertError: a row cannot be evaluated (it is named), there are too few, or a metric is
            undefined on them.
    """
    tally = Tally()
    for (observation,) in observe([model], data, progress):
        tally.add(observation)
    (drawn,) = draw(data.evaluator.metrics, [tally.figures()])
    return summarize(model, tally, data, drawn)


def summarize(
    model: EvaluatedModel, tally: Tally, data: DataSet, drawn: Mapping[str, Draws]
) -> Evaluation:
    """What a tally comes to.

    Raises:
        EdgebertError: a metric is undefined on these rows.
    """
    figures = tally.figures()
    return Evaluation(
        task=model.task,
        rows=tally.rows,
        metrics={name: measure(figures) for name, measure in data.evaluator.metrics.items()},
        intervals={name: interval(values) for name, values in drawn.items()},
        seconds=tally.seconds,
        truncated=tally.truncated,
        labels_without_rows=data.evaluator.without_rows(model, figures),
    )
