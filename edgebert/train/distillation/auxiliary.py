"""What an auxiliary loss is, what it is given, and which layers it compares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from edgebert.train.network import EncoderOutput


class Outputs(NamedTuple):
    """What student and teacher make of a batch.

    Attributes:
        student: its activations.
        teacher: its activations; None where no objective reads them.
        logits: of the student's head, float32 [B, K].
        scores: the teacher's, float32 [B, K].
    """

    student: EncoderOutput
    teacher: EncoderOutput | None
    logits: Any
    scores: Any

    def activations(self) -> tuple[EncoderOutput, EncoderOutput]:
        """Of student and teacher, for objectives that read them."""
        if self.teacher is None:
            raise ValueError("an objective that reads activations must say so in its row")
        return self.student, self.teacher


class AuxiliaryLoss(Protocol):
    """A term of the loss, made for each run from (student config, teacher config or None, seed)."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Variables of its own that are trained with the student, such as projections."""

    def __call__(self, outputs: Outputs) -> Any:
        """The mean loss of a batch, a float32 scalar."""


def aligned_layers(student: list[Any], teacher: list[Any]) -> list[tuple[Any, Any]]:
    """Each state of the student with the teacher's at the same share of the depth."""
    steps, depth = len(student) - 1, len(teacher) - 1
    return [(each, teacher[place * depth // steps]) for place, each in enumerate(student)]
