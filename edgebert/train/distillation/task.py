"""What a distillation task is: how a teacher's scores of one kind are learned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from edgebert.arrays import Array
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.evaluation.texts import Text
from edgebert.train.batching import Example, ExtraRows
from edgebert.train.finetuning.task import Labels

if TYPE_CHECKING:
    from edgebert.train.distillation.teacher import Teacher


class TransferText(NamedTuple):
    """A text that is learned.

    Attributes:
        target: what is right of it, as its task needs it.
        is_labelled: whether that is known.
    """

    text: Text
    target: Any
    is_labelled: bool


Examples: TypeAlias = "tuple[list[Example], ExtraRows]"
"""Examples, and the teacher's scores of each."""


def one_a_text(texts: Sequence[TransferText], scores: Any, start: Checkpoint) -> Examples:
    """Each text as one example, and the scores as they are."""
    tokenizer = start.make_tokenizer()
    examples = [
        Example((tokenizer.encode(each.text.text, each.text.pair),), each.target) for each in texts
    ]
    return examples, scores


def _classifier_width(teacher: Checkpoint) -> int:
    return len(teacher.weights["classifier.bias"])


@dataclass(frozen=True, kw_only=True)
class DistillationTask:
    """How one kind of model is distilled.

    Attributes:
        soft_loss: from logits [B, K], teacher's scores [B, K] and the temperature to losses [B];
            of words, from [B, n, K].
        hard_loss: from logits and targets to losses [B], and for which of them there is a hard
            label, bool [B]; None: there are no hard labels.
        target: of labelled data that was read, given all labels.
        no_target: of a text without a label.
        inputs: the texts that are learned, of one that was read.
        width: numbers in a teacher's scores of a text; None: they are of each word, however many.
        scores: of what a teacher's model answers, float32 [N, K].
        initial_student: the student with what it has to take over of the teacher.
        examples: of the texts and the teacher's scores, for that student.
    """

    soft_loss: Callable[[Any, Any, float], Any]
    hard_loss: Callable[[Any, Any], tuple[Any, Any]] | None
    target: Callable[[Any, Labels], Any]
    no_target: Callable[[Labels], Any]
    inputs: Callable[[Text], list[Text]] = lambda text: [text]
    width: Callable[[Checkpoint], int] | None = _classifier_width
    scores: Callable[[Array], Array] = lambda answers: answers
    initial_student: Callable[[Checkpoint, Teacher], Checkpoint] = lambda start, teacher: start
    examples: Callable[[Sequence[TransferText], Any, Checkpoint], Examples] = one_a_text
