"""What a conversion tells of an int8-static file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from edgebert.model_file.fixed_graphs import CalibrationTexts


@dataclass(frozen=True)
class StaticReport:
    """Which dense layers have fixed ranges, and which do not.

    Losses are what the mean cosine with float32 is below 1, over the texts of the check.

    Attributes:
        calibration: the texts that ranges were taken from.
        layers: how many could be static.
        most: that might be lost.
        loss: of the file.
        all_static: what it would lose if all layers were static.
        dynamic: names of those that are not, in the order in which they were chosen, each with how
            much less is lost when it alone is dynamic.
    """

    calibration: CalibrationTexts
    layers: int
    most: float
    loss: float
    all_static: float
    dynamic: tuple[tuple[str, float], ...] = ()

    @property
    def summary(self) -> str:
        """For the record."""
        texts = f"{self.calibration.texts} texts ({self.calibration.source})"
        if not self.dynamic:
            return texts
        return f"{texts}; per token, while running: {', '.join(name for name, _ in self.dynamic)}"

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "dynamic": dict(self.dynamic)}
