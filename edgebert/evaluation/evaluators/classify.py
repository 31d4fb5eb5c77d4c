"""Classifiers on labelled texts or pairs: accuracy, macro-F1, Matthews' correlation, confidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import MappingProxyType

import numpy as np

from edgebert.evaluation.bootstrap import Figures
from edgebert.evaluation.evaluators.evaluator import (
    EvaluatedModel,
    Evaluator,
    Item,
    Observation,
    ask,
    known_label,
)
from edgebert.evaluation.metrics import accuracy, macro_f1, matthews
from edgebert.evaluation.per_label import Confusion, LabelFigures, confusions, label_figures
from edgebert.evaluation.readers import Row, read_rows
from edgebert.runtime.abstention import scope

_EXPECTED, _PREDICTED, _SCOPE = range(3)
"""Columns of the figures."""


def _check(model: EvaluatedModel, row: Row) -> None:
    known_label(model, row.place, row.label)


def _observe(model: EvaluatedModel, rows: Iterable[Row]) -> Iterator[Observation]:
    for row in rows:
        expected = known_label(model, row.place, row.label)
        reply, seconds = ask(model, row.place, row.text, row.pair)
        label, score, scores, abstained, _ = reply.value
        labels = model.labels or ()
        yield Observation(
            place=row.place,
            text=row.shown,
            expected=expected,
            predicted=label,
            value=label,
            figures=(
                labels.index(expected),
                labels.index(label),
                scope(scores.values(), model.abstention),
            ),
            seconds=seconds,
            truncated=reply.truncated,
            items=(Item(score, label == expected, not abstained),),
        )


def _without_rows(model: EvaluatedModel, figures: Figures) -> tuple[str, ...]:
    met = {int(number) for number in figures[:, _EXPECTED]}
    return tuple(label for at, label in enumerate(model.labels or ()) if at not in met)


def _per_label(model: EvaluatedModel, figures: Figures) -> tuple[LabelFigures, ...]:
    labels = model.labels or ()
    one_hot = np.eye(len(labels))[figures[:, [_EXPECTED, _PREDICTED]].astype(int)]
    return label_figures(labels, one_hot[:, 0], one_hot[:, 1])


def _confusions(model: EvaluatedModel, figures: Figures) -> tuple[Confusion, ...]:
    expected, predicted = figures[:, [_EXPECTED, _PREDICTED]].astype(int).T
    return confusions(model.labels or (), expected, predicted)


CLASSIFY = Evaluator(
    read=read_rows,
    check=_check,
    observe=_observe,
    metrics=MappingProxyType(
        {
            "accuracy": lambda figures: accuracy(figures[:, _EXPECTED], figures[:, _PREDICTED]),
            "macro_f1": lambda figures: macro_f1(figures[:, _EXPECTED], figures[:, _PREDICTED]),
            "matthews": lambda figures: matthews(figures[:, _EXPECTED], figures[:, _PREDICTED]),
        }
    ),
    distance=lambda one, other: float(one != other),
    per_label=_per_label,
    confusions=_confusions,
    without_rows=_without_rows,
    items="answers",
    scope=_SCOPE,
)
