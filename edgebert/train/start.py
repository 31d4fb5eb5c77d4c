"""The checkpoint that a training begins with: an encoder with the heads of its task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from edgebert.arrays import Array
from edgebert.bert.tasks import LABELLED, TASKS, TaskName
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.options import SHORTEST
from edgebert.errors import EdgebertError
from edgebert.train.initial import initial_head
from edgebert.train.plain import check_plain

TRAINED_POOLINGS = ("mean", "cls")
"""Those that the network computes."""


def with_heads(
    source: Checkpoint,
    task: TaskName,
    labels: Sequence[str],
    seed: int,
    max_length: int | None,
    *,
    further: Sequence[str] = (),
    multi_label: bool = False,
) -> Checkpoint:
    """The source with the task's heads alone on its encoder.

    A head of the source is kept where it fits and has the same labels; else it is new.

    Args:
        source: a plain BERT.
        task: what its heads are to be for.
        labels: of the task; none where it has none.
        seed: of new heads.
        max_length: most tokens of an input; None: the source's.
        further: heads without labels that are wanted too.
        multi_label: of classify: the labels are independent of each other.

    Raises:
        EdgebertError: the source is no plain BERT, does not take so many tokens, has another
            tokenizer, or a head that cannot be used.
    """
    if source.unigram is not None:
        raise EdgebertError(
            f"{source.source}: has a unigram tokenizer; only BERTs with WordPiece can be trained"
        )
    check_plain(source.config)
    if task == "embed":
        _check_pooling(source)
    heads = (*TASKS[task].heads, *further)
    kept = {
        name: array
        for name, array in source.weights.items()
        if name.split(".")[0] in ("embeddings", "layers", *heads)
    }
    for head in heads:
        kept |= _head(head, source, labels, seed)
    return replace(
        source,
        weights=kept,
        labels=tuple(labels) or None,
        task=task,
        multi_label=multi_label,
        tokenizer=replace(source.tokenizer, max_length=_max_length(source, max_length)),
        normalize=source.normalize if source.pooling else task == "embed",
        pooling=(source.pooling or "mean") if task == "embed" else None,
        sigmoid=False,
        cross_encoder=False,
        projections=(),
        truncate_dim=None,
        prompts={},
        default_prompt=None,
    )


def _check_pooling(source: Checkpoint) -> None:
    """Refuses embedders whose vectors the network does not compute."""
    foreign = {
        f"{source.pooling} pooling": source.pooling not in (None, *TRAINED_POOLINGS),
        "a Dense module": bool(source.projections),
        "truncate_dim": source.truncate_dim is not None,
        f"the default prompt {source.default_prompt!r}": source.default_prompt is not None,
    }
    if found := [what for what, there in foreign.items() if there]:
        raise EdgebertError(
            f"{source.source}: has {' and '.join(found)}, with which embedders are not trained; "
            f"accepted: {' and '.join(TRAINED_POOLINGS)} pooling, and Normalize"
        )


def _head(head: str, source: Checkpoint, labels: Sequence[str], seed: int) -> Mapping[str, Array]:
    """The source's own where it fits and has the same labels, else a new one."""
    source.require(head)
    fresh = initial_head(head, source.config, len(labels) or 1, seed)
    own = {name: source.weights[name] for name in fresh if name in source.weights}
    fits = {n: a.shape for n, a in own.items()} == {n: a.shape for n, a in fresh.items()}
    same = head not in LABELLED.values() or tuple(labels) == (source.labels or ())
    return own if fits and same else fresh


def _max_length(source: Checkpoint, chosen: int | None) -> int:
    positions = source.config.max_position_embeddings
    if chosen is None:
        return min(source.tokenizer.max_length, positions)
    if not SHORTEST <= chosen <= positions:
        raise EdgebertError(
            f"max length {chosen}: {source.source} takes {SHORTEST} to {positions} tokens"
        )
    return chosen
