"""Charts of what one has to choose between: time, accuracy and size, with the Pareto front."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from edgebert.benchmarking.report.pareto import front
from edgebert.benchmarking.report.rows import TableRow, distinct
from edgebert.benchmarking.report.series import SERIES, accuracy, series
from edgebert.formatting import fixed, megabytes, number
from edgebert.page.axis import Axis
from edgebert.page.charts import Point, legend, scatter
from edgebert.page.figure import figure
from edgebert.page.markup import Markup
from edgebert.page.table import Column, table

_TIME = "milliseconds an answer (p50)"


class Marked(NamedTuple):
    """A run, and whether it is on the front."""

    row: TableRow
    front: bool


def against_accuracy(shown: Sequence[TableRow]) -> Markup | None:
    """Latency across, accuracy up, area the size of the file; None where no accuracy is known."""
    metric = ", ".join(distinct(row.accuracy.metric for row in shown if row.accuracy))
    marked = _marked(shown, lambda row: (row.p50, _negative(accuracy(row))))
    points = [
        _point(each, each.row.p50, accuracy(each.row), size=each.row.run.model.bytes)
        for each in marked
    ]
    return _trade_off(
        f"Latency against {metric}",
        "Left and up is better; the larger a mark, the larger the file. The line is the Pareto "
        "front: nothing is both quicker and more accurate.",
        marked,
        points,
        (_TIME, metric),
    )


def against_size(shown: Sequence[TableRow]) -> Markup | None:
    """Size of the file across, latency up; None where no latency is known."""
    marked = _marked(shown, lambda row: (row.run.model.bytes, row.p50))
    points = [_point(each, each.row.run.model.bytes / 1e6, each.row.p50) for each in marked]
    return _trade_off(
        "Size against latency",
        "Left and down is better. The line is the Pareto front: nothing is both smaller and "
        "quicker.",
        marked,
        points,
        ("MB of the file", _TIME),
    )


def _trade_off(
    title: str,
    text: str,
    marked: Sequence[Marked],
    points: Sequence[Point],
    axes: tuple[str, str],
) -> Markup | None:
    if not points:
        return None
    x = Axis.over(axes[0], [point.x for point in points])
    y = Axis.over(axes[1], [point.y for point in points])
    present = {point.series for point in points}
    return figure(
        title,
        text,
        legend([(kind, kind) for kind in SERIES if kind in present]),
        scatter(title, points, x, y),
        table(title, _COLUMNS, marked),
    )


def _marked(
    shown: Sequence[TableRow], costs: Callable[[TableRow], tuple[float | None, float | None]]
) -> list[Marked]:
    """The rows of which both costs are known, and which of them nothing else beats in both."""
    known = [(row, (one, other)) for row in shown for one, other in [costs(row)]
             if one is not None and other is not None]  # fmt: skip
    best = set(front([both for _, both in known]))
    return [Marked(row, index in best) for index, (row, _) in enumerate(known)]


def _point(marked: Marked, x: float | None, y: float | None, size: float = 0.0) -> Point:
    row = marked.row
    right = "" if row.accuracy is None else f", {row.accuracy.metric} {row.accuracy.value:.4f}"
    title = f"{row.name}: {number(row.p50)} ms, {megabytes(row.run.model.bytes)} MB{right}"
    return Point(x or 0.0, y or 0.0, row.name, series(row), title, size, marked.front)


def _negative(value: float | None) -> float | None:
    return None if value is None else -value


_COLUMNS: tuple[Column[Marked], ...] = (
    Column("model", lambda each: each.row.name),
    Column("p50 ms", lambda each: each.row.p50),
    Column("file MB", lambda each: each.row.run.model.bytes, megabytes),
    Column("accuracy", lambda each: accuracy(each.row), fixed),
    Column("on the front", lambda each: "yes" if each.front else "no"),
)
