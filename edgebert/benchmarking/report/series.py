"""What the marks of a chart stand for: the series of a run, its accuracy."""

from __future__ import annotations

from edgebert.benchmarking.report.rows import TableRow

SERIES = ("int8", "float32", "other")
"""Classes of marks in the style sheet."""


def series(row: TableRow) -> str:
    """Which of `SERIES` a run belongs to."""
    kind = row.run.model.quantization
    return kind if kind in SERIES else "other"


def accuracy(row: TableRow) -> float | None:
    """The value alone."""
    return row.accuracy.value if row.accuracy else None
