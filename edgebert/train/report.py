"""What came of a training, for whoever started it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgebert.train.settings import ResolvedSettings


@dataclass(frozen=True)
class Trial:
    """One run of several.

    Attributes:
        figure: the best dev figure, the higher the better; -inf: none.
        step: after which its weights were kept.
        rises: whether the figure rose until the run ended: a longer one would be better.
    """

    settings: ResolvedSettings
    figure: float
    step: int
    rises: bool = False


@dataclass(frozen=True)
class TrainingReport:
    """What came of a training.

    Attributes:
        path: the folder that was written.
        best: the run whose weights were kept.
        metrics: of these weights on the dev data; none where there is no such data.
        trials: all runs, in the order of their settings.
        examples: number of them; of a long context one for each window.
        truncated: how many were cut off at `max_length`.
        at_chance: whether guessing would be as good on the dev data.
    """

    path: Path
    best: Trial
    metrics: Mapping[str, float]
    trials: tuple[Trial, ...]
    examples: int
    truncated: int
    at_chance: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain values, for machines."""
        return {
            **asdict(self),
            "path": str(self.path),
            "best": _plain(self.best),
            "trials": [_plain(trial) for trial in self.trials],
        }


def _plain(trial: Trial) -> dict[str, Any]:
    figure = trial.figure if math.isfinite(trial.figure) else None
    return {**asdict(trial), "figure": figure}
