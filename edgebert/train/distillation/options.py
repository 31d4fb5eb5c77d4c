"""Temperature and weights of a distillation's loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from edgebert.errors import EdgebertError
from edgebert.train.defaults import TEMPERATURE
from edgebert.train.distillation.objectives import AUXILIARY_OBJECTIVES, MAX_WEIGHT


@dataclass(frozen=True)
class DistillationOptions:
    """Temperature and weights of the distillation loss.

    Attributes:
        temperature: both distributions are softened by it; the loss grows by its square, so that
            the gradient does not shrink.
        hard: share of the loss on hard labels, for texts that have one; None: the default (see
            `train.defaults`).
        weights: of auxiliary objectives by name (`objectives`); those left out have the weight 0.

    Raises:
        EdgebertError: no such objective, or a value is out of range.
    """

    temperature: float = TEMPERATURE
    hard: float | None = None
    weights: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.weights:
            if name not in AUXILIARY_OBJECTIVES:
                accepted = ", ".join(AUXILIARY_OBJECTIVES)
                raise EdgebertError(f"objective {name!r}; accepted: {accepted}")
        for name, value, low, high in self._ranges():
            if not low <= value <= high:
                raise EdgebertError(
                    f"{name} is {value:g}; a number from {low:g} to {high:g} is needed"
                )

    @property
    def active(self) -> dict[str, float]:
        """The weights above 0, in the order of the objectives."""
        return {name: self.weights[name] for name in AUXILIARY_OBJECTIVES if self.weights.get(name)}

    @property
    def inspects_teacher(self) -> bool:
        """Whether the teacher must be run beside the student."""
        return any(AUXILIARY_OBJECTIVES[name].reads_activations for name in self.active)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the configuration of a run."""
        weights = {name: self.weights.get(name, 0.0) for name in AUXILIARY_OBJECTIVES}
        return {"temperature": self.temperature, "hard": self.hard, **weights}

    def _ranges(self) -> Iterator[tuple[str, float, float, float]]:
        yield "temperature", self.temperature, 0.1, 100
        if self.hard is not None:
            yield "hard", self.hard, 0, 1
        for name, weight in self.weights.items():
            yield name, weight, 0, MAX_WEIGHT
