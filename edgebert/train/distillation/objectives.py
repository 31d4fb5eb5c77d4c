"""What a distillation can compare beside soft and hard labels: one module and one row each.

A row needs no TensorFlow. From it follow the option `--match-NAME` of `edgebert distill`, what is
checked before anything is trained, and the entry in a run's configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgebert.train.distillation.auxiliary import AuxiliaryLoss

MAX_WEIGHT = 1e4


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
        loss="edgebert.train.distillation.hidden_states:HiddenStateLoss",
    ),
    "attention": AuxiliaryObjective(
        help="Weight of the attention scores' difference, such as 0.1.",
        loss="edgebert.train.distillation.attention:AttentionLoss",
    ),
}


def option(name: str) -> str:
    """The option of an objective, as users write it."""
    return f"--match-{name.replace('_', '-')}"
