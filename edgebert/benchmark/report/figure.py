"""A chart with its explanation and the same figures as a table."""

from __future__ import annotations

from edgebert.benchmark.report.markup import Markup, element
from edgebert.benchmark.report.rows import Row

SERIES = ("int8", "float32", "other")
"""Classes of marks in the style sheet."""

fixed = "{:.4f}".format


def figure(
    title: str,
    text: str,
    colours: Markup | None,
    chart: Markup,
    figures: Markup,
    *,
    wide: bool = False,
) -> Markup:
    """The chart above, or with `wide` beside, its table; the table folds away unless `wide`."""
    return element(
        "figure",
        element("figcaption", element("strong", title), " ", text),
        colours,
        element("div", chart, class_="chart"),
        element("details", element("summary", "As a table"), figures, open=wide),
        class_="wide" if wide else None,
    )


def series(row: Row) -> str:
    """Which of `SERIES` a run belongs to."""
    kind = row.run.model.quantization
    return kind if kind in SERIES else "other"


def accuracy(row: Row) -> float | None:
    """The value alone."""
    return row.accuracy.value if row.accuracy else None
