"""The rows that a classifier gets wrong, those first of which it is surest."""

from __future__ import annotations

import heapq
from typing import NamedTuple

from edgebert.evaluation.evaluators.evaluator import Observation

_MOST = 100
_LONGEST = 300  # characters of a text


class WrongRow(NamedTuple):
    """A row with another label than the model gave it.

    Attributes:
        place: file and line.
        text: the row, cut where it is long.
        expected: its label.
        predicted: the model's.
        score: the model's, of its label.
    """

    place: str
    text: str
    expected: str
    predicted: str
    score: float


class WrongRows:
    """Keeps the surest of them; memory does not grow with the data."""

    def __init__(self) -> None:
        self._seen = 0
        self._kept: list[tuple[float, int, WrongRow]] = []

    def add(self, seen: Observation) -> None:
        """Takes one more observation, right or wrong."""
        self._seen += 1
        if seen.expected == seen.predicted:
            return
        score = seen.items[0].score
        text = seen.text if len(seen.text) <= _LONGEST else f"{seen.text[:_LONGEST]}…"
        row = WrongRow(seen.place, text, seen.expected, seen.predicted, score)
        keep = heapq.heappushpop if len(self._kept) == _MOST else heapq.heappush
        keep(self._kept, (score, -self._seen, row))

    def surest(self) -> tuple[WrongRow, ...]:
        """Those that were kept, the surest first."""
        return tuple(row for _, _, row in sorted(self._kept, reverse=True))
