"""Temperature and weights of a distillation's loss."""

from __future__ import annotations

from dataclasses import dataclass

from edgebert.errors import EdgebertError
from edgebert.train.defaults import TEMPERATURE


@dataclass(frozen=True)
class DistillationOptions:
    """Temperature and weights of the distillation loss.

    Attributes:
        temperature: both distributions are softened by it; the loss grows by its square, so that
            the gradient does not shrink.
        hard: share of the loss on right labels, for texts that have one; None: as many as is usual
            (see `train.defaults`).
        hidden: weight of the hidden states' difference.
        attention: weight of the attention scores' difference.

    Raises:
        EdgebertError: a value is out of range.
    """

    temperature: float = TEMPERATURE
    hard: float | None = None
    hidden: float = 0.0
    attention: float = 0.0

    def __post_init__(self) -> None:
        ranges = {"temperature": (0.1, 100), "hard": (0, 1), "hidden": (0, 1e4)}
        for name, (low, high) in {**ranges, "attention": (0, 1e4)}.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise EdgebertError(
                    f"{name} is {value:g}; a number from {low:g} to {high:g} is needed"
                )

    @property
    def inspects_teacher(self) -> bool:
        """Whether the teacher must be run beside the student."""
        return self.hidden > 0 or self.attention > 0
