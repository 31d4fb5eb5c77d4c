"""What a converted model computes on top of its encoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
    def reads(self) -> Literal["all", "first", "positions"]:
        """The rows of the last hidden state that the answer depends on."""
        if self.task in ("classify", "regress") or (self.task, self.pooling) == ("embed", "cls"):
            return "first"
        return "positions" if self.task == "fill-mask" else "all"
