"""Classifiers on labelled texts or pairs: accuracy, macro-F1 and Matthews' correlation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import MappingProxyType

from edgebert.evaluation.bootstrap import Figures
from edgebert.evaluation.evaluators.evaluator import (
    EvaluatedModel,
    Evaluator,
    Observation,
    ask,
    known_label,
)
from edgebert.evaluation.metrics import accuracy, macro_f1, matthews
from edgebert.evaluation.readers import Row, read_rows


def _check(model: EvaluatedModel, row: Row) -> None:
    known_label(model, row.place, row.label)


def _observe(model: EvaluatedModel, rows: Iterable[Row]) -> Iterator[Observation]:
    for row in rows:
        expected = known_label(model, row.place, row.label)
        reply, seconds = ask(model, row.place, row.text, row.pair)
        label = reply.value.label
        labels = model.labels or ()
        yield Observation(
            place=row.place,
            text=row.text if row.pair is None else f"{row.text} | {row.pair}",
            expected=expected,
            predicted=label,
            value=label,
            figures=(labels.index(expected), labels.index(label)),
            seconds=seconds,
            truncated=reply.truncated,
        )


def _without_rows(model: EvaluatedModel, figures: Figures) -> tuple[str, ...]:
    met = {int(number) for number in figures[:, 0]}
    return tuple(label for at, label in enumerate(model.labels or ()) if at not in met)


CLASSIFY = Evaluator(
    read=read_rows,
    check=_check,
    observe=_observe,
    metrics=MappingProxyType(
        {
            "accuracy": lambda figures: accuracy(figures[:, 0], figures[:, 1]),
            "macro_f1": lambda figures: macro_f1(figures[:, 0], figures[:, 1]),
            "matthews": lambda figures: matthews(figures[:, 0], figures[:, 1]),
        }
    ),
    distance=lambda one, other: float(one != other),
    without_rows=_without_rows,
)
