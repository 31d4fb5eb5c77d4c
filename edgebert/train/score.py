"""What an evaluation finds, and whether it is more than guessing would."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

_CORRELATIONS = ("matthews", "spearman")
"""Metrics that are about 0 where answers have nothing to do with what is right."""

_DEVIATIONS = 2.0  # by which a correlation must differ from 0
_FEWEST = 25  # rows; guesses on fewer look like knowledge, and knowledge like guesses


class Score(NamedTuple):
    """What an evaluation found.

    Attributes:
        metrics: by name.
        figure: the one that decides which weights are best, the higher the better.
        rows: that were judged; of few of them what is at chance is not known.
    """

    metrics: Mapping[str, float]
    figure: float
    rows: int = 0

    @property
    def at_chance(self) -> bool:
        """Whether guessing is as good: a correlation within its error of 0, or nothing found.

        Accuracy would not tell: of many rows with one label a constant answer has much of it. The
        correlation of guesses has a deviation of about 1/√rows.
        """
        if self.rows < _FEWEST:
            return False
        if self.figure == -math.inf:  # such as a correlation with equal answers
            return True
        for name in _CORRELATIONS:
            if name in self.metrics:
                return self.metrics[name] <= _DEVIATIONS / math.sqrt(self.rows)
        return not any(self.metrics.values())
