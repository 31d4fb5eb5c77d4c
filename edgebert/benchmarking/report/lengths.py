"""How the time of an answer grows with the length of the text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from edgebert.benchmarking.report.rows import TableRow


@dataclass(frozen=True)
class LengthCosts:
    """One model on one setting.

    Attributes:
        row: the run of the shortest text; it stands for the model.
        points: (tokens, median milliseconds), by rising length.
        token_us: microseconds that one token more costs: the slope of a straight line through
            the points (least squares). None for a single length.
    """

    row: TableRow
    points: tuple[tuple[int, float], ...]
    token_us: float | None

    @property
    def shape(self) -> tuple[int, int]:
        """Layers and width."""
        return self.row.run.model.layers, self.row.run.model.hidden_size

    def at(self, tokens: int) -> float | None:
        """Milliseconds at a length, where it was measured."""
        return dict(self.points).get(tokens)


def length_costs(rows: Iterable[TableRow]) -> tuple[LengthCosts, ...]:
    """One for each model of rows that share their setting."""
    models: dict[tuple[str, str], dict[int, TableRow]] = {}
    for row in rows:
        tokens = row.run.input.tokens
        if row.run.input.kind == "length" and tokens is not None and row.p50 is not None:
            models.setdefault((row.name, row.run.model.sha256), {})[tokens] = row
    return tuple(map(_costs, models.values()))


def _costs(by_length: dict[int, TableRow]) -> LengthCosts:
    import numpy as np

    lengths = sorted(by_length)
    points = tuple((tokens, by_length[tokens].p50 or 0.0) for tokens in lengths)
    first = by_length[lengths[0]]
    if len(points) == 1:
        return LengthCosts(first, points, None)
    slope, _ = np.polyfit(lengths, [ms for _, ms in points], 1)
    return LengthCosts(first, points, 1000 * float(slope))
