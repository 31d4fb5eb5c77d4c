"""Values against scores: a regression's own, or the cosine of an embedder's two vectors."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from types import MappingProxyType

from edgebert.errors import EdgebertError
from edgebert.evaluation.evaluators.evaluator import EvaluatedModel, Evaluator, Observation, ask
from edgebert.evaluation.metrics import cosine, pearson, spearman
from edgebert.evaluation.readers import Row, read_rows

CLOSE = 0.05
"""Values of two models that differ by no more than this agree."""


def score_of(row: Row) -> float:
    """The label of a row as a number.

    Raises:
        EdgebertError: it is none, or not finite.
    """
    try:
        score = float(row.label)
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        raise EdgebertError(f"{row.place}: {row.label[:40]!r} is no number; a score is needed")
    return score


def _check_row(model: EvaluatedModel, row: Row) -> None:
    score_of(row)


def _check_pair(model: EvaluatedModel, row: Row) -> None:
    if row.pair is None:
        raise EdgebertError(
            f"{row.place}: one text; a model for embed is evaluated on pairs with scores "
            "(name the columns with --text-column and --pair-column), or on queries with "
            "their answers (columns query and positive)"
        )
    score_of(row)


def _value(model: EvaluatedModel, row: Row) -> tuple[float, float, bool]:
    reply, seconds = ask(model, row.place, row.text, row.pair)
    return reply.value, seconds, reply.truncated


def _similarity(model: EvaluatedModel, row: Row) -> tuple[float, float, bool]:
    one, seconds = ask(model, row.place, row.text)
    other, more = ask(model, row.place, row.pair or "")
    return cosine(one.value, other.value), seconds + more, one.truncated or other.truncated


def _observer(
    measure: Callable[[EvaluatedModel, Row], tuple[float, float, bool]],
) -> Callable[[EvaluatedModel, Iterable[Row]], Iterator[Observation]]:
    """Observes by a function that gives the value, its seconds, and whether a text was cut."""

    def observe(model: EvaluatedModel, rows: Iterable[Row]) -> Iterator[Observation]:
        for row in rows:
            value, seconds, truncated = measure(model, row)
            yield Observation(
                place=row.place,
                text=row.shown,
                expected=row.label,
                predicted=f"{value:.3f}",
                value=value,
                figures=(score_of(row), value),
                seconds=seconds,
                truncated=truncated,
            )

    return observe


def _distance(one: float, other: float) -> float:
    return abs(one - other) if abs(one - other) > CLOSE else 0.0


_METRICS = MappingProxyType(
    {
        "spearman": lambda figures: spearman(figures[:, 0], figures[:, 1]),
        "pearson": lambda figures: pearson(figures[:, 0], figures[:, 1]),
    }
)

REGRESS = Evaluator(read_rows, _check_row, _observer(_value), _METRICS, _distance)
PAIRS = Evaluator(read_rows, _check_pair, _observer(_similarity), _METRICS, _distance)
