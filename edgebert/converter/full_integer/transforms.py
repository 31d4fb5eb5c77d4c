"""Equivalent transforms of a BERT, after which integers cost little: its answers stay as they are.

A transform takes a `TransformedModel` and gives another; the graph (`integer_graph`) computes the
same from either, up to rounding. What each of them is worth: docs/full_integer.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from edgebert.arrays import Array, Weights
from edgebert.bert.config import BertConfig
from edgebert.checkpoints.learned import Scales
from edgebert.converter.fold import (
    fold_attention_biases,
    fold_norm_biases,
    fold_query_scale,
    fold_segments,
)

PLAIN_MASK = 10_000.0
"""Taken from the score of padding in the original BERT."""

EMBEDDINGS = "embeddings"
"""The sum of the tables, which has channel scales of its own."""

TWO_GROUPS = 3.0
"""Channels scaled by more are summed apart in a variance."""


@dataclass(frozen=True)
class Steps:
    """Which rewrites are made, in the order in which they are made."""

    fold_biases: bool = True
    centre: bool = True
    dot_variance: bool = True
    mask: bool = True
    pooling: bool = True
    row_scales: bool = True
    channel_scales: bool = True
    large_units: bool = True

    @classmethod
    def none(cls) -> Steps:
        """The plain graph."""
        return cls(**{each.name: False for each in fields(cls)})


@dataclass(frozen=True)
class TransformedModel:
    """Weights, and what the graph does with them.

    A sum that a layer norm reads goes by the name of that norm, as does the norm's output.

    Attributes:
        weights: canonical names, `encoder.bias` (see `fold.fold_norm_biases`) and, of models that
            fill masks, `mlm.decoder.rows` [V, 1], what the rows of the word table must be
            multiplied by where it is the output matrix; when `centred` also
            `layers.N.attention.skip.weight` [1, H] and what belongs to it (see `centre`).
            Where units were split, also `layers.N.ffn.large.intermediate` and
            `layers.N.ffn.large.output` (see `split_units`).
        config: of the model.
        centred: every sum that a norm reads has mean 0 over its channels.
        dot_variance: the variance is one dot product of a row with itself.
        mask: taken from the score of padding.
        own_pool_mask: the mean over tokens has a mask of its own.
        row_scales: by norm, what the first row of the norm's sum is multiplied by; 1 if absent.
        channel_scales: by norm, what its output is divided by [H], and what the embeddings are;
            1 if absent.
    """

    weights: Weights
    config: BertConfig
    centred: bool = False
    dot_variance: bool = False
    mask: float = PLAIN_MASK
    own_pool_mask: bool = False
    row_scales: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    channel_scales: Mapping[str, Array] = field(default_factory=lambda: MappingProxyType({}))

    def scales_of(self, norm: str) -> Array:
        """What the output of a norm is divided by [H]."""
        return self.channel_scales.get(norm, np.ones(self.config.hidden_size, np.float32))


def norms(config: BertConfig) -> list[str]:
    """The layer norms of the encoder, in order; each reads the sum that follows the one before."""
    layers = range(config.num_hidden_layers)
    kinds = ("attention.norm", "ffn.norm")
    return ["embeddings.norm", *(f"layers.{layer}.{kind}" for layer in layers for kind in kinds)]


def plain_model(
    weights: Weights, config: BertConfig, *, fills_masks: bool = False
) -> TransformedModel:
    """The model as it is, but for what costs a graph nothing and every graph wants.

    Args:
        weights: canonical.
        config: of the weights.
        fills_masks: the word table is the output matrix too.
    """
    for step in (fold_segments, fold_query_scale):
        weights = step(weights, config)
    if fills_masks:
        rows = np.ones((config.vocab_size, 1), np.float32)
        weights = {**weights, "mlm.decoder.rows": rows}
    return TransformedModel(weights, config)


def fold_biases(model: TransformedModel) -> TransformedModel:
    """Norms lose their bias, keys and values theirs: see `converter.fold`."""
    weights = fold_norm_biases(model.weights, model.config)
    return replace(model, weights=fold_attention_biases(weights, model.config))


def centre(model: TransformedModel) -> TransformedModel:
    """Gives every sum that a norm reads a mean of 0, so that norms need not subtract it.

    Tables and matrices that write into the sum lose the mean of what they write. The skip path,
    `gamma * normalised`, has a mean too, which goes into the output matrix of its block as one more
    input, to be subtracted there: no number is rounded once more for it. Attention has it computed
    by a matrix of one row. In the feed-forward block two more units do, +u and -u, through the
    activation, as GELU and ReLU have `f(u) - f(-u) = u`.

    A word table that is an output matrix too stays as it is: what a word's vector lacks of mean 0
    is a table of its own, `embeddings.word.shift` [V, 1].
    """
    weights = dict(model.weights)
    if "mlm.decoder.rows" in weights:
        word = weights["embeddings.word"]
        weights["embeddings.word.shift"] = -word.mean(axis=1, keepdims=True)
    for table in ("embeddings.word", "embeddings.position", "embeddings.segment"):
        if table in weights and f"{table}.shift" not in weights:
            weights[table] = _without_mean(weights[table], axis=1)
    for layer in range(model.config.num_hidden_layers):
        p = f"layers.{layer}"
        for matrix in (f"{p}.attention.output", f"{p}.ffn.output"):
            for kind in ("weight", "bias"):
                weights[f"{matrix}.{kind}"] = _without_mean(weights[f"{matrix}.{kind}"], axis=0)
        values = weights[f"{p}.attention.value.weight"]
        up, down = _sum_and_mean(values)
        output = f"{p}.attention.output.weight"
        weights[f"{p}.attention.skip.weight"] = up
        weights[output] = np.concatenate([weights[output], -down], axis=1)
        inner, output = f"{p}.ffn.intermediate", f"{p}.ffn.output.weight"
        up, down = _sum_and_mean(weights[f"{inner}.weight"])
        weights[f"{inner}.weight"] = np.concatenate([weights[f"{inner}.weight"], up, -up])
        weights[f"{inner}.bias"] = np.pad(weights[f"{inner}.bias"], (0, 2))
        weights[output] = np.concatenate([weights[output], -down, down], axis=1)
    return replace(model, weights=weights, centred=True)


def _sum_and_mean(matrix: Array) -> tuple[Array, Array]:
    """A row that sums all channels, [1, H], and a column that makes it their mean, [H, 1].

    The row is as large as those of a matrix [out, H], so that rounding treats it like them.
    """
    width = matrix.shape[1]
    size = np.median(np.linalg.norm(matrix, axis=1)) / np.float32(np.sqrt(width))
    size = np.maximum(size, np.float32(1e-6))  # of a matrix of zeros
    ones = np.ones((width, 1), np.float32)
    return ones.T * size, ones / (size * np.float32(width))


def dot_variance(model: TransformedModel) -> TransformedModel:
    """Takes the variance as a dot product, whose integer sum rounds no single square."""
    return replace(model, dot_variance=True)


def soften_mask(model: TransformedModel, mask: float) -> TransformedModel:
    """Takes no more from padding's scores than hides it."""
    return replace(model, mask=mask)


def own_pool_mask(model: TransformedModel) -> TransformedModel:
    """Gives the mean over tokens a mask of its own.

    TFLite computes softmax in place where it can; a mask that attention reads as well was
    overwritten by it (LiteRT 2.3 and TensorFlow 2.21 without XNNPACK).
    """
    return replace(model, own_pool_mask=True)


def scale_rows(
    model: TransformedModel, scales: Mapping[str, float], first_id: int
) -> TransformedModel:
    """Scales the first row, that of [CLS], of each norm's sum; the norm takes it out again.

    Args:
        model: the model before.
        scales: by norm; those not named stay 1.
        first_id: the id that stands first and nowhere else.
    """
    weights = dict(model.weights)
    first = scales.get("embeddings.norm", 1.0)
    if first != 1.0:
        for table, row, times in (
            ("embeddings.word", first_id, first),
            ("embeddings.word.shift", first_id, first),
            ("embeddings.position", 0, first),
            ("mlm.decoder.rows", first_id, 1 / first),
        ):
            if table in weights:
                weights[table] = weights[table].copy()
                weights[table][row] *= np.float32(times)
    return replace(model, weights=weights, row_scales=MappingProxyType(dict(scales)))


def scale_channels(model: TransformedModel, scales: Mapping[str, Array]) -> TransformedModel:
    """Divides the embeddings and the output of each norm by channel, and with it the next sum.

    What reads the output multiplies the scales back in; what is added to it is divided too; the
    next norm has both in its weights. Embeddings that are an output matrix too have no scales.
    """
    weights = dict(model.weights)
    config = model.config

    def read(matrix: str, s: Array) -> None:
        if f"{matrix}.weight" in weights:
            weights[f"{matrix}.weight"] = weights[f"{matrix}.weight"] * s

    def write(matrix: str, s: Array) -> None:
        weights[f"{matrix}.weight"] = weights[f"{matrix}.weight"] / s[:, None]
        weights[f"{matrix}.bias"] = weights[f"{matrix}.bias"] / s

    done = replace(model, channel_scales=MappingProxyType(dict(scales)))
    before = done.scales_of(EMBEDDINGS)
    for table in ("word", "position", "segment"):
        if f"embeddings.{table}" in weights:
            weights[f"embeddings.{table}"] = weights[f"embeddings.{table}"] / before
    names = norms(config)
    for at, norm in enumerate(names):
        s = done.scales_of(norm)
        weights[f"{norm}.weight"] = weights[f"{norm}.weight"] * before / s
        weights[f"{norm}.bias"] = weights[f"{norm}.bias"] / s
        if at + 1 == len(names):
            for matrix in head_matrices(config):
                read(matrix, s)
        else:
            block, _, kind = names[at + 1].rpartition(".norm")[0].rpartition(".")
            p = f"{block}.{kind}"
            for part in _READERS[kind]:
                read(f"{p}.{part}", s)
            write(f"{p}.output", s)
        before = s
    return replace(done, weights=weights)


def split_units(
    model: TransformedModel, large: Mapping[str, npt.NDArray[np.intp]]
) -> TransformedModel:
    """Gives the units of a feed-forward network that reach furthest matrices of their own.

    So the others need not share their range, which a few units make many times wider. The sums that
    both give are added.

    Args:
        model: the model before.
        large: by block, such as `layers.0.ffn`, the numbers of those units.
    """
    weights = dict(model.weights)
    for block, chosen in large.items():
        inner, output = f"{block}.intermediate", f"{block}.output.weight"
        rest = np.setdiff1d(np.arange(len(weights[f"{inner}.bias"])), chosen)
        for kind in ("weight", "bias"):
            whole = weights[f"{inner}.{kind}"]
            weights[f"{block}.large.intermediate.{kind}"] = whole[chosen]
            weights[f"{inner}.{kind}"] = whole[rest]
        whole = weights[output]
        weights[f"{block}.large.output.weight"] = np.ascontiguousarray(whole[:, chosen])
        weights[output] = np.ascontiguousarray(whole[:, rest])
    return replace(model, weights=weights)


def with_learned_scales(
    weights: Weights, config: BertConfig, scales: Scales, first_id: int
) -> TransformedModel:
    """The model after all transforms, with scales that are known already.

    Args:
        weights: canonical.
        config: of the weights.
        scales: of a model of much the same weights.
        first_id: as for `scale_rows`.
    """
    model = dot_variance(centre(fold_biases(plain_model(weights, config))))
    model = soften_mask(own_pool_mask(model), scales.mask)
    model = scale_rows(model, scales.rows, first_id)
    channels = {name: np.asarray(s, np.float32) for name, s in scales.channels.items()}
    return scale_channels(model, channels)


def head_matrices(config: BertConfig) -> tuple[str, ...]:
    """The matrices that read the last hidden state."""
    first = "classifier" if config.pooler_act is None else "pooler"
    return (first, "tagger", "answerer", "mlm.transform")


_READERS = {"attention": ("query", "key", "value", "skip"), "ffn": ("intermediate",)}


def _without_mean(values: Array, axis: int) -> Array:
    mean = values.mean(axis=axis, keepdims=True, dtype=np.float64)
    centred: Array = (values - mean).astype(np.float32)
    return centred
