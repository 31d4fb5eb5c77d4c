"""What a converted model computes on top of its encoder."""

from __future__ import annotations

from dataclasses import dataclass

from edgebert.bert.tasks import TaskName
from edgebert.checkpoints.checkpoint import Pooling


@dataclass(frozen=True)
class Head:
    """What is to be computed on top of the encoder.

    Attributes:
        pooling: of `embed`.
        normalize: of `embed`: scale the vector to length 1.
        multi_label: of `classify`: sigmoid instead of softmax.
    """

    task: TaskName
    pooling: Pooling = "mean"
    normalize: bool = True
    multi_label: bool = False

    @property
    def reads_first_token_only(self) -> bool:
        """Whether the answer depends on the [CLS] row of the last layer alone."""
        return self.task in ("classify", "regress") or (
            self.task == "embed" and self.pooling == "cls"
        )
