"""How right a converted model is on labelled data."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from edgebert.errors import EdgebertError
from edgebert.evaluate.metrics import accuracy, cosine, pearson, spearman
from edgebert.evaluate.readers import Row

if TYPE_CHECKING:
    from edgebert.runtime.model import Reply

_LABELS_SHOWN = 20


class EvaluatedModel(Protocol):
    """What is asked of a model; `edgebert.runtime.Model` has it."""

    @property
    def task(self) -> str:
        """Name of the task."""

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The labels of a classifier."""

    def reply(self, text: str, pair: str | None = None) -> Reply:
        """The answer of the task, and whether the text was truncated."""


@dataclass(frozen=True)
class Evaluation:
    """The outcome.

    Attributes:
        rows: number of texts or pairs.
        metrics: by name: accuracy (0 to 1), or pearson and spearman (-1 to 1).
        seconds: tokenising and running the model; reading the data not counted.
        truncated: number of rows of which something was cut off.
    """

    task: str
    rows: int
    metrics: Mapping[str, float]
    seconds: float
    truncated: int


@dataclass(frozen=True)
class _Judge:
    """How one task is judged.

    Attributes:
        expected: reads a row's label.
        predict: gives the prediction, and whether a text was truncated.
        metrics: functions of what was expected and what was predicted.
    """

    expected: Callable[[EvaluatedModel, Row], Any]
    predict: Callable[[EvaluatedModel, Row], tuple[Any, bool]]
    metrics: Mapping[str, Callable[[list[Any], list[Any]], float]]


def evaluate(model: EvaluatedModel, rows: Iterable[Row]) -> Evaluation:
    """Runs the model on labelled texts.

    A classifier is judged by accuracy. A model that embeds is judged on pairs with scores, by
    how the cosine of the two vectors correlates with the score; one that regresses by how its
    value does.

    Args:
        model: an `edgebert.runtime.Model`.
        rows: as `read_rows` gives them.

    Raises:
        EdgebertError: the task cannot be judged, a label is unknown to the model, a score is no
            number, or there are too few rows.
    """
    judge = _judge_of(model)
    expected, predicted = [], []
    seconds, truncated = 0.0, 0
    for row in rows:
        expected.append(judge.expected(model, row))
        start = time.perf_counter()
        prediction, cut = _predict(judge, model, row)
        seconds += time.perf_counter() - start
        predicted.append(prediction)
        truncated += cut
    metrics = {name: metric(expected, predicted) for name, metric in judge.metrics.items()}
    return Evaluation(model.task, len(expected), metrics, seconds, truncated)


def check_rows(model: EvaluatedModel, rows: Iterable[Row]) -> int:
    """Counts the rows, making sure that each can be judged, without running the model.

    Raises:
        EdgebertError: as `evaluate`.
    """
    judge = _judge_of(model)
    count = 0
    for row in rows:
        judge.expected(model, row)
        count += 1
    return count


def _judge_of(model: EvaluatedModel) -> _Judge:
    try:
        return _JUDGES[model.task]
    except KeyError:
        raise EdgebertError(
            f"task {model.task!r} cannot be evaluated; accepted: {', '.join(_JUDGES)}"
        ) from None


def _predict(judge: _Judge, model: EvaluatedModel, row: Row) -> tuple[Any, bool]:
    try:
        return judge.predict(model, row)
    except EdgebertError as error:
        raise EdgebertError(f"{row.place}: {error}") from None


def _expected_label(model: EvaluatedModel, row: Row) -> str:
    labels = model.labels or ()
    if row.label in labels:
        return row.label
    # Where labels are numbers themselves ("1" to "5" stars), a number means the label.
    if row.label.isdecimal() and not any(label.isdecimal() for label in labels):
        number = int(row.label) if len(row.label) < 10 else len(labels)
        if number < len(labels):
            return labels[number]
    shown = ", ".join(map(repr, labels[:_LABELS_SHOWN]))
    more = f" and {len(labels) - _LABELS_SHOWN} more" if len(labels) > _LABELS_SHOWN else ""
    raise EdgebertError(
        f"{row.place}: the model has no label {row.label[:40]!r}; it knows {shown}{more}"
    )


def _expected_score(model: EvaluatedModel, row: Row) -> float:
    try:
        score = float(row.label)
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        raise EdgebertError(f"{row.place}: {row.label[:40]!r} is no number; a score is needed")
    return score


def _expected_similarity(model: EvaluatedModel, row: Row) -> float:
    if row.pair is None:
        raise EdgebertError(
            f"{row.place}: one text; a model for embed is evaluated on pairs with scores "
            "(name the columns with --text-column and --pair-column)"
        )
    return _expected_score(model, row)


def _predict_label(model: EvaluatedModel, row: Row) -> tuple[str, bool]:
    reply = model.reply(row.text, row.pair)
    return reply.value.label, reply.truncated


def _predict_value(model: EvaluatedModel, row: Row) -> tuple[float, bool]:
    reply = model.reply(row.text, row.pair)
    return reply.value, reply.truncated


def _predict_similarity(model: EvaluatedModel, row: Row) -> tuple[float, bool]:
    one, other = model.reply(row.text), model.reply(row.pair or "")
    return cosine(one.value, other.value), one.truncated or other.truncated


_CORRELATIONS = MappingProxyType({"pearson": pearson, "spearman": spearman})

_JUDGES: Mapping[str, _Judge] = MappingProxyType(
    {
        "classify": _Judge(
            _expected_label, _predict_label, MappingProxyType({"accuracy": accuracy})
        ),
        "embed": _Judge(_expected_similarity, _predict_similarity, _CORRELATIONS),
        "regress": _Judge(_expected_score, _predict_value, _CORRELATIONS),
    }
)
