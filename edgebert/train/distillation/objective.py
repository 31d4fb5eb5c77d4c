"""The objective of a distillation: soft labels, hard labels, and auxiliary objectives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from edgebert.bert.config import BertConfig
from edgebert.converter.head import Head
from edgebert.train.backend import tf
from edgebert.train.distillation.options import AUXILIARY_OBJECTIVES, DistillationOptions
from edgebert.train.distillation.tasks import find_task
from edgebert.train.dropout import Dropout
from edgebert.train.losses import model_inputs
from edgebert.train.network import EncoderOutput, Network

TEACHER_SCORES = "teacher"
"""The teacher's scores in a batch, float32 [B, K]."""


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


class DistillationObjective:
    """Mean loss of a batch with the teacher's scores, and hard labels where there are any.

    Args:
        head: of the student, for one of `tasks.TASKS`.
        options: temperature and weights of the loss.
        student: config.
        teacher: to be run beside the student; needed where an objective reads its activations.
        seed: of variables that objectives add.

    Attributes:
        parameters: these variables, by name.
    """

    def __init__(
        self,
        head: Head,
        options: DistillationOptions,
        student: BertConfig,
        teacher: Network | None = None,
        seed: int = 0,
    ) -> None:
        self._head, self._options = head, options
        self._task = find_task(head.task, multi_label=head.multi_label)
        self._teacher = teacher if options.inspects_teacher else None
        config = None if self._teacher is None else self._teacher.config
        self._auxiliary = [
            (weight, AUXILIARY_OBJECTIVES[name].load()(student, config, seed))
            for name, weight in options.active.items()
        ]
        self.parameters: dict[str, Any] = {}
        for _, loss in self._auxiliary:
            self.parameters.update(loss.parameters)

    def __call__(self, network: Network, batch: Mapping[str, Any], dropout: Dropout) -> Any:
        """See the class."""
        inputs = model_inputs(batch)
        encoded = network(inputs, dropout)
        logits = network.head(self._head, encoded, dropout)
        loss = self._label_loss(logits, batch)
        inspected = None if self._teacher is None else self._teacher(inputs)
        outputs = Outputs(encoded, inspected, logits, batch[TEACHER_SCORES])
        for weight, auxiliary in self._auxiliary:
            loss += weight * auxiliary(outputs)
        return loss

    def _label_loss(self, logits: Any, batch: Mapping[str, Any]) -> Any:
        temperature = self._options.temperature or 1.0
        soft = self._task.soft_loss(logits, batch[TEACHER_SCORES], temperature)
        if self._task.hard_loss is None:
            return tf.reduce_mean(soft)
        hard, known = self._task.hard_loss(logits, batch["target"])
        share = (self._options.hard or 0.0) * tf.cast(known, tf.float32)
        return tf.reduce_mean((1 - share) * soft + share * hard)
