"""The options of a distillation, and what it can compare beside labels: a row each.

A row needs no TensorFlow. From it follow the option `--match-NAME` of `edgebert distill`, what is
checked before anything is trained, and the entry in a run's configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from edgebert.errors import EdgebertError

if TYPE_CHECKING:
    from edgebert.train.distillation.objective import AuxiliaryLoss

_MAX_WEIGHT = 1e4


@dataclass(frozen=True)
class AuxiliaryObjective:
    """A further term of the loss, with a weight that users give.

    Attributes:
        help: of its option, with a usual weight.
        loss: `module:class` of an `AuxiliaryLoss`; imported when used, as it needs TensorFlow.
        reads_activations: the teacher runs beside the student; otherwise its scores are enough.
    """

    help: str
    loss: str
    reads_activations: bool = True

    def load(self) -> Callable[..., AuxiliaryLoss]:
        """The class of the loss."""
        found: Callable[..., AuxiliaryLoss] = resolve_name(self.loss)
        return found


AUXILIARY_OBJECTIVES: Mapping[str, AuxiliaryObjective] = {
    "hidden": AuxiliaryObjective(
        help="Weight of the hidden states' difference, such as 1.",
        loss="edgebert.train.distillation.activations:HiddenStateLoss",
    ),
    "attention": AuxiliaryObjective(
        help="Weight of the attention scores' difference, such as 0.1.",
        loss="edgebert.train.distillation.activations:AttentionLoss",
    ),
}


@dataclass(frozen=True)
class DistillationOptions:
    """Temperature and weights of the distillation loss.

    Attributes:
        temperature: both distributions are softened by it; the loss grows by its square, so that
            the gradient does not shrink; None: the default (see `train.defaults`).
        hard: share of the loss on hard labels, for texts that have one; None: the default.
        weights: of auxiliary objectives by name; those left out have the weight 0.

    Raises:
        EdgebertError: no such objective, or a value is out of range.
    """

    temperature: float | None = None
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
        if self.temperature is not None:
            yield "temperature", self.temperature, 0.1, 100
        if self.hard is not None:
            yield "hard", self.hard, 0, 1
        for name, weight in self.weights.items():
            yield name, weight, 0, _MAX_WEIGHT
