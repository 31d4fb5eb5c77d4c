"""How right a converted model is on labelled data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgebert.errors import EdgebertError
from edgebert.evaluation.bootstrap import Draws, Interval, draw, interval
from edgebert.evaluation.data import DataSet
from edgebert.evaluation.evaluators.evaluator import EvaluatedModel
from edgebert.evaluation.out_of_scope import look_outside
from edgebert.evaluation.per_label import Confusion, LabelFigures
from edgebert.evaluation.selective import Confidence, confidence
from edgebert.evaluation.tally import Tally, observe
from edgebert.evaluation.wrong_rows import WrongRow, WrongRows
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
        per_label: of a classifier: each label that has rows or was predicted.
        confusions: of a classifier with one label a text: labels taken for others, the most
            frequent first.
        confidence: what the scores are worth of the labels, spans or answers that it gives; None
            where it gives none.
        wrong: of a classifier with one label a text: the 100 wrong rows of which it is surest, not
            part of the JSON.
    """

    task: str
    rows: int
    metrics: Mapping[str, float]
    intervals: Mapping[str, Interval]
    seconds: float
    truncated: int
    labels_without_rows: tuple[str, ...] = ()
    per_label: tuple[LabelFigures, ...] = ()
    confusions: tuple[Confusion, ...] = ()
    confidence: Confidence | None = None
    wrong: tuple[WrongRow, ...] = ()

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from edgebert.page.notebook import notebook_table

        rows = [
            (name, *(f"{each:.4f}" for each in (value, *self.intervals[name])))
            for name, value in self.metrics.items()
        ]
        return notebook_table(f"{self.task}, {self.rows:,} rows", ("", "value", "from", "to"), rows)

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
            "per_label": [each.to_json() for each in self.per_label],
            "confusions": [each.to_json() for each in self.confusions],
            "confidence": None if self.confidence is None else self.confidence.to_json(),
        }


def evaluate(
    model: EvaluatedModel,
    data: DataSet,
    *,
    out_of_scope: Path | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Runs a model on labelled data; all of it is checked first.

    Args:
        model: an `edgebert.runtime.Model`.
        data: from `open_data`.
        out_of_scope: file of texts that belong to no label, as for `edgebert run --input`.
        progress: told how many rows are done.

    Raises:
        EdgebertError: a row cannot be evaluated (it is named), there are too few, or a metric is
            undefined on them; or `out_of_scope` is given and the model gives no label a text.
    """
    scope = data.evaluator.scope
    if out_of_scope is not None and scope is None:
        raise EdgebertError(
            "texts out of scope are for classifiers with one label a text; "
            f"this file is for {model.task}"
        )
    tally, wrong = Tally(), WrongRows()
    for (observation,) in observe([model], data, progress):
        tally.add(observation)
        if scope is not None:
            wrong.add(observation)
    (drawn,) = draw(data.evaluator.metrics, [tally.figures()])
    found = replace(summarize(model, tally, data, drawn), wrong=wrong.surest())
    if out_of_scope is None or scope is None or found.confidence is None:
        return found
    outside = look_outside(model, tally.figures()[:, scope], out_of_scope, progress)
    return replace(found, confidence=replace(found.confidence, out_of_scope=outside))


def summarize(
    model: EvaluatedModel, tally: Tally, data: DataSet, drawn: Mapping[str, Draws]
) -> Evaluation:
    """What a tally comes to.

    Raises:
        EdgebertError: a metric is undefined on these rows.
    """
    figures, (scores, right, given, _) = tally.figures(), tally.items()
    items = data.evaluator.items
    return Evaluation(
        task=model.task,
        rows=tally.rows,
        metrics={name: measure(figures) for name, measure in data.evaluator.metrics.items()},
        intervals={name: interval(values) for name, values in drawn.items()},
        seconds=tally.seconds,
        truncated=tally.truncated,
        labels_without_rows=data.evaluator.without_rows(model, figures),
        per_label=data.evaluator.per_label(model, figures),
        confusions=data.evaluator.confusions(model, figures),
        confidence=confidence(items, scores, right, given) if items and len(scores) else None,
    )
