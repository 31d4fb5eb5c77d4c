"""The checkpoint that training starts from: random weights, and heads for a task on an encoder."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

import numpy as np

from edgebert.arrays import Array
from edgebert.bert.config import SIZES, BertConfig
from edgebert.bert.tasks import LABELLED, TASKS, TaskName
from edgebert.bert.weights import encoder_shapes, head_shapes
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.options import SHORTEST
from edgebert.errors import EdgebertError

_DEVIATION = 0.02  # as google-research/bert: normal, cut at two deviations


def random_encoder(config: BertConfig, seed: int) -> dict[str, Array]:
    """Embeddings and layers."""
    shapes = encoder_shapes(config)
    return {name: _random_array(name, shape, seed) for name, shape in shapes.items()}


def random_head(head: str, config: BertConfig, outputs: int, seed: int) -> dict[str, Array]:
    """A head of `bert.weights.HEADS`; `outputs` is its number of labels, where it has labels."""
    shapes = {
        name: tuple(outputs if size == -1 else size for size in shape)
        for name, shape in head_shapes(head, config).items()
    }
    return {name: _random_array(name, shape, seed) for name, shape in shapes.items()}


def _random_array(name: str, shape: tuple[int, ...], seed: int) -> Array:
    """Depends on name and seed alone: what else is made does not change it."""
    if len(shape) == 1:
        return np.full(shape, 1.0 if name.endswith("norm.weight") else 0.0, np.float32)
    random = np.random.default_rng((seed, zlib.crc32(name.encode())))
    values = random.standard_normal(shape, np.float32)
    while (outside := np.abs(values) > 2).any():
        values[outside] = random.standard_normal(int(outside.sum()), np.float32)
    return values * np.float32(_DEVIATION)


TRAINABLE_POOLINGS = ("mean", "cls")
"""Those that the network computes."""


def with_task_heads(
    source: Checkpoint,
    task: TaskName,
    labels: Sequence[str],
    seed: int,
    max_length: int | None,
    *,
    extra_heads: Sequence[str] = (),
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
        extra_heads: heads without labels that are wanted too.
        multi_label: of classify: the labels are independent of each other.

    Raises:
        EdgebertError: the source is no plain BERT, does not take so many tokens, has another
            tokenizer, or a head that cannot be used.
    """
    if source.unigram is not None:
        raise EdgebertError(
            f"{source.source}: has a unigram tokenizer; only BERTs with WordPiece can be trained"
        )
    check_trainable(source.config)
    if task == "embed":
        _check_pooling(source)
    heads = (*TASKS[task].heads, *extra_heads)
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
        f"{source.pooling} pooling": source.pooling not in (None, *TRAINABLE_POOLINGS),
        "a Dense module": bool(source.projections),
        "truncate_dim": source.truncate_dim is not None,
        f"the default prompt {source.default_prompt!r}": source.default_prompt is not None,
    }
    if found := [what for what, there in foreign.items() if there]:
        raise EdgebertError(
            f"{source.source}: has {' and '.join(found)}, with which embedders are not trained; "
            f"accepted: {' and '.join(TRAINABLE_POOLINGS)} pooling, and Normalize"
        )


def _head(head: str, source: Checkpoint, labels: Sequence[str], seed: int) -> Mapping[str, Array]:
    """The source's own where it fits and has the same labels, else a new one."""
    source.require(head)
    fresh = random_head(head, source.config, len(labels) or 1, seed)
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


_OPEN = (*SIZES, "hidden_act", "layer_norm_eps")
"""What may differ among plain BERTs; all else in a config makes another family."""


def check_trainable(config: BertConfig) -> None:
    """Refuses another family.

    Raises:
        EdgebertError: names the first thing that makes it one.
    """
    for field in fields(config):
        value = getattr(config, field.name)
        if field.name not in _OPEN and value != field.default:
            raise EdgebertError(
                f"only plain BERTs can be trained (TinyBERT and MiniLM are some); this one has "
                f"{field.name} {value!r}"
            )
