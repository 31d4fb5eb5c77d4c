"""The tasks a compact BERT can be converted for, and the heads each of them needs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from edgebert.errors import EdgebertError

if TYPE_CHECKING:
    from edgebert.bert.config import BertConfig

TaskName: TypeAlias = Literal[
    "embed", "classify", "regress", "encode", "tag", "answer", "fill-mask"
]

Rows: TypeAlias = Literal["all", "first", "positions"]


class TaskDefinition(NamedTuple):
    """One task.

    Attributes:
        name: as users write it.
        heads: that it computes (see `bert.weights.HEADS`).
        output: what the graph gives, with its shape; n is the number of tokens, K of labels.
        reads: the rows of the last hidden state that the answer depends on; the last layer computes
            no others.
        inputs: what the graph takes beside ids, mask and segment ids: int32 [1, m], each value the
            number of a token from 0.
    """

    name: TaskName
    heads: tuple[str, ...]
    output: str
    reads: Rows = "all"
    inputs: tuple[str, ...] = ()

    def needs(self, config: BertConfig) -> tuple[str, ...]:
        """The heads that a checkpoint with such a config must have."""
        return tuple(head for head in self.heads if head != "pooler" or config.pooler_act)


_ALL = (
    TaskDefinition("embed", (), "sentence vector [1, H]"),
    TaskDefinition("classify", ("pooler", "classifier"), "probabilities [1, K]", "first"),
    TaskDefinition("regress", ("pooler", "classifier"), "value [1, 1]", "first"),
    TaskDefinition("encode", (), "last hidden state [1, n, H]"),
    TaskDefinition("tag", ("tagger",), "logits [1, n, K]"),
    TaskDefinition("answer", ("answerer",), "start and end logits [1, n, 2]"),
    TaskDefinition(
        "fill-mask",
        ("mlm",),
        "logits [1, m, V] of the tokens at positions",
        "positions",
        ("positions",),
    ),
)

TASKS: Mapping[str, TaskDefinition] = MappingProxyType({task.name: task for task in _ALL})

LABELLED: Mapping[TaskName, str] = MappingProxyType({"classify": "classifier", "tag": "tagger"})
"""Tasks with labels, and the head that has one output for each."""

_LEARNED: tuple[TaskName, ...] = ("classify", "regress", "tag", "answer", "embed")


def require_learned(task: str) -> None:
    """Raises EdgebertError unless a task is learned from labelled data."""
    if task not in _LEARNED:
        raise EdgebertError(f"task {task!r} cannot be fine-tuned; accepted: {', '.join(_LEARNED)}")
