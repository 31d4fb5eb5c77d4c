"""What a distillation task is: how a teacher's scores of one kind are learned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from edgebert.arrays import Array
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.evaluation.readers import Row
from edgebert.evaluation.texts import Text
from edgebert.train.finetuning.task import Labels

Target: TypeAlias = "float | Array"


def _classifier_width(teacher: Checkpoint) -> int:
    return len(teacher.weights["classifier.bias"])


@dataclass(frozen=True, kw_only=True)
class DistillationTask:
    """How one kind of model is distilled.

    Attributes:
        soft_loss: from logits [B, K], teacher's scores [B, K] and the temperature to losses [B].
        hard_loss: from logits and targets to losses [B], and for which of them there is a hard
            label, bool [B]; None: there are no hard labels.
        target: of a text with a label, given all labels.
        no_target: of a text without one.
        inputs: the texts that are learned, of one that was read.
        width: numbers in a teacher's scores of a text.
        scores: of what a teacher's model answers, float32 [N, K].
        initial_student: the student with what it has to take over of the teacher.
        soft_targets: of the scores, as wide as that student's output.
    """

    soft_loss: Callable[[Any, Any, float], Any]
    hard_loss: Callable[[Any, Any], tuple[Any, Any]] | None
    target: Callable[[Row, Labels], Target]
    no_target: Callable[[Labels], Target]
    inputs: Callable[[Text], list[Text]] = lambda text: [text]
    width: Callable[[Checkpoint], int] = _classifier_width
    scores: Callable[[Array], Array] = lambda answers: answers
    initial_student: Callable[[Checkpoint, Checkpoint | None], Checkpoint] = lambda start, _: start
    soft_targets: Callable[[Array, Checkpoint], Array] = lambda scores, start: scores
