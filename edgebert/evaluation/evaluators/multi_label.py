"""Classifiers with independent labels: F1 of the labels, and rows with exactly the right ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from types import MappingProxyType

import numpy as np

from edgebert.evaluation.bootstrap import Figures
from edgebert.evaluation.columns import Columns
from edgebert.evaluation.evaluators.evaluator import (
    EvaluatedModel,
    Evaluator,
    Item,
    Observation,
    ask,
    known_label,
)
from edgebert.evaluation.metrics import Values, multi_label_f1
from edgebert.evaluation.per_label import label_figures
from edgebert.evaluation.readers import Row, read_rows

THRESHOLD = 0.5
"""A label whose score is above it is predicted."""


def _read(path: Path, columns: Columns) -> Iterator[Row]:
    return read_rows(path, columns, multi_label=True)


def _check(model: EvaluatedModel, row: Row) -> None:
    _expected(model, row)


def _observe(model: EvaluatedModel, rows: Iterable[Row]) -> Iterator[Observation]:
    for row in rows:
        expected = _expected(model, row)
        reply, seconds = ask(model, row.place, row.text, row.pair)
        given, scores = reply.value.given, reply.value.scores
        predicted = {label for label, score in scores.items() if score > THRESHOLD}
        labels = model.labels or ()
        yield Observation(
            place=row.place,
            text=row.shown,
            expected=_show(expected, labels),
            predicted=_show(predicted, labels),
            value=predicted,
            figures=tuple(
                float(each in found) for found in (expected, predicted) for each in labels
            ),
            seconds=seconds,
            truncated=reply.truncated,
            items=tuple(
                Item(scores[label], label in expected, given is None or label in given)
                for label in sorted(predicted)
            ),
        )


def _expected(model: EvaluatedModel, row: Row) -> set[str]:
    return {known_label(model, row.place, label) for label in row.labels}


def _show(found: Collection[str], labels: tuple[str, ...]) -> str:
    return ", ".join(label for label in labels if label in found) or "(none)"


def _halves(figures: Figures) -> tuple[Values, Values]:
    expected, predicted = np.hsplit(figures, 2)
    return expected, predicted


def _exact_match(figures: Figures) -> float:
    expected, predicted = _halves(figures)
    return float((expected == predicted).all(axis=1).mean())


def _without_rows(model: EvaluatedModel, figures: Figures) -> tuple[str, ...]:
    met = _halves(figures)[0].sum(axis=0)
    return tuple(
        label for label, found in zip(model.labels or (), met.tolist(), strict=True) if not found
    )


MULTI_LABEL = Evaluator(
    read=_read,
    check=_check,
    observe=_observe,
    metrics=MappingProxyType(
        {
            "micro_f1": lambda figures: multi_label_f1(*_halves(figures))[0],
            "macro_f1": lambda figures: multi_label_f1(*_halves(figures))[1],
            "exact_match": _exact_match,
        }
    ),
    distance=lambda one, other: float(len(one ^ other)),
    per_label=lambda model, figures: label_figures(model.labels or (), *_halves(figures)),
    without_rows=_without_rows,
    items="labels",
)
