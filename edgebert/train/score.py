"""What an evaluation finds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Score(NamedTuple):
    """What an evaluation found.

    Attributes:
        metrics: by name.
        figure: the one that decides which weights are best, the higher the better.
    """

    metrics: Mapping[str, float]
    figure: float
