"""What a converted model computes on top of its encoder."""

from __future__ import annotations

from dataclasses import dataclass

from edgebert.bert.sentence import DenseActivation, Pooling
from edgebert.bert.tasks import TASKS, Rows, TaskName

POSITIONS = 8
"""Tokens that one run of `fill-mask` answers for, in a graph of a fixed length."""


@dataclass(frozen=True)
class Head:
    """What is to be computed on top of the encoder.

    Attributes:
        pooling: of `embed`.
        projections: of `embed`: activations of the dense layers behind the pooling.
        normalize_whole: of `embed`: scale the vector to length 1, and then truncate it.
        truncate_dim: of `embed`: keep so many of its first numbers; None: all.
        normalize: of `embed`: scale what is kept to length 1.
        multi_label: of `classify`: sigmoid instead of softmax.
        sigmoid: of `regress`: the value is the sigmoid of the output.
        teachable: of `classify`: the hidden state that it reads is a second output.
    """

    task: TaskName
    pooling: Pooling = "mean"
    projections: tuple[DenseActivation, ...] = ()
    normalize_whole: bool = False
    truncate_dim: int | None = None
    normalize: bool = True
    multi_label: bool = False
    sigmoid: bool = False
    teachable: bool = False

    @property
    def reads(self) -> Rows:
        """The rows of the last hidden state that the answer depends on."""
        if (self.task, self.pooling) == ("embed", "cls"):
            return "first"
        return TASKS[self.task].reads
