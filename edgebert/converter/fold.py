"""Rewrites of a BERT's weights that leave its answers as they are and its graph with less to do.

Each step is a pure function from weights to weights: what it does not change it passes on. After
any of them `reference.forward` gives the same answers, up to rounding.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgebert.arrays import Array, Weights
from edgebert.bert.config import BertConfig


def fold(weights: Weights, config: BertConfig) -> Weights:
    """All steps, in the order in which they feed each other."""
    for step in (
        fold_segments,
        fold_no_norms,
        fold_bottlenecks,
        fold_norm_biases,
        fold_attention_biases,
        fold_query_scale,
    ):
        weights = step(weights, config)
    return weights


def feed_forwards(config: BertConfig) -> tuple[str, ...]:
    """The feed-forward networks of a layer, in their order."""
    further = range(config.num_feedforward_networks - 1)
    return (*(f"further_ffn.{number}" for number in further), "ffn")


def fold_segments(weights: Weights, config: BertConfig) -> Weights:
    """Adds segment 0 to every position, so that only other segments cost anything."""
    if not config.type_vocab_size:
        return weights
    segment = weights["embeddings.segment"]
    return {
        **weights,
        "embeddings.position": weights["embeddings.position"] + segment[0],
        "embeddings.segment": segment - segment[0],
    }


def fold_no_norms(weights: Weights, config: BertConfig) -> Weights:
    """Joins each norm that only multiplies and adds to what it follows; its bias becomes zero.

    `(W x + b + rest) * g + c` is `(g W) x + (g b + c) + g * rest`: g stays as the norm's weight,
    for the rest alone, and is dropped where there is no rest.
    """
    if config.norm != "no_norm":
        return weights
    folded = dict(weights)

    def join(dense: str, norm: str) -> None:
        scale = weights[f"{norm}.weight"]
        folded[f"{dense}.weight"] = weights[f"{dense}.weight"] * scale[:, None]
        folded[f"{dense}.bias"] = weights[f"{dense}.bias"] * scale + weights[f"{norm}.bias"]
        folded[f"{norm}.bias"] = np.zeros_like(scale)

    for layer in range(config.stored_layers):
        p = f"layers.{layer}"
        join(f"{p}.attention.output", f"{p}.attention.norm")
        for ffn in feed_forwards(config):
            join(f"{p}.{ffn}.output", f"{p}.{ffn}.norm")
        for way in ("input", "query_key", "output"):
            join(f"{p}.bottleneck.{way}", f"{p}.bottleneck.{way}.norm")
    join("embeddings.projection", "embeddings.norm")
    for table in {"embeddings.position", "embeddings.segment"} & weights.keys():
        folded[table] = weights[table] * weights["embeddings.norm.weight"]
    return folded


def fold_bottlenecks(weights: Weights, config: BertConfig) -> Weights:
    """Makes queries and keys straight from a layer's input: two matrices in a row are one.

    Takes what `fold_no_norms` gives; in what it gives, nothing reads `bottleneck.query_key`.
    """
    if config.bottleneck_size is None:
        return weights
    folded = dict(weights)
    for layer in range(config.stored_layers):
        p = f"layers.{layer}"
        way, bias = (weights[f"{p}.bottleneck.query_key.{part}"] for part in ("weight", "bias"))
        for part in ("query", "key"):
            name = f"{p}.attention.{part}"
            matrix = weights[f"{name}.weight"]
            folded[f"{name}.weight"] = matrix @ way
            folded[f"{name}.bias"] = weights[f"{name}.bias"] + _times(matrix, bias)
    return folded


def fold_norm_biases(weights: Weights, config: BertConfig) -> Weights:
    """Moves the bias of each layer norm into what reads it; the norm's own becomes zero.

    A matrix that reads `y + bias` has `weight @ bias` added to its bias; the residual sum takes
    it through the bias of the matrix that ends the block. What is left after the last layer is
    kept as `encoder.bias` [H] for the tasks that have no matrix to take it.
    """
    folded = dict(fold_mlm_bias(weights, config))
    if config.norm == "no_norm":
        return {**folded, "encoder.bias": np.zeros(config.hidden_size, np.float32)}
    for norm, readers, residual in _readers(config):
        bias = weights[f"{norm}.bias"]
        for reader in readers:
            if f"{reader}.weight" in weights:
                folded[f"{reader}.bias"] = folded[f"{reader}.bias"] + _times(
                    weights[f"{reader}.weight"], bias
                )
        if residual:
            folded[f"{residual}.bias"] = folded[f"{residual}.bias"] + bias
        folded[f"{norm}.bias"] = np.zeros_like(bias)
    last = weights[f"{_last_norm(config)}.bias"]
    if config.shared_layers:
        # All but the first layer read what lacks this bias, so the first one must too.
        projection = "embeddings.projection.bias"
        folded[projection] = folded[projection] - last
    return {**folded, "encoder.bias": last}


def _readers(config: BertConfig) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Each layer norm with the matrices that read it, and the one that its residual sum ends."""
    last = _last_norm(config)
    norm = "embeddings.norm"
    if config.projection:
        yield norm, ("embeddings.projection",), ""
        norm = last if config.shared_layers else ""
    for layer in range(config.stored_layers):
        p = f"layers.{layer}"
        if norm:
            projections = tuple(f"{p}.attention.{part}" for part in ("query", "key", "value"))
            yield norm, projections, f"{p}.attention.output"
        norm = f"{p}.attention.norm"
        for ffn in feed_forwards(config):
            yield norm, (f"{p}.{ffn}.intermediate",), f"{p}.{ffn}.output"
            norm = f"{p}.{ffn}.norm"
    classifies = "pooler" if config.pooler_act else "classifier"
    yield last, (classifies, "tagger", "answerer", "mlm.transform"), ""


def _last_norm(config: BertConfig) -> str:
    return f"layers.{config.stored_layers - 1}.ffn.norm"


def fold_mlm_bias(weights: Weights, config: BertConfig) -> Weights:
    """Moves the bias of the masked language model's norm behind the output matrix."""
    if "mlm.norm.bias" not in weights:
        return weights
    bias = weights["mlm.norm.bias"]
    folded = weights["mlm.bias"] + _times(weights["embeddings.word"], bias[: config.word_size])
    if "mlm.rest.weight" in weights:
        folded = folded + _times(weights["mlm.rest.weight"], bias[config.word_size :])
    return {**weights, "mlm.bias": folded, "mlm.norm.bias": np.zeros_like(bias)}


def fold_attention_biases(weights: Weights, config: BertConfig) -> Weights:
    """Drops the key bias, and moves the value bias behind the attention.

    A key bias adds the same to all scores of one query, which softmax does not see. Probabilities
    sum to 1, so a value bias passes through them whole and can join the output bias.
    """
    changed: dict[str, Array] = {}
    for layer in range(config.stored_layers):
        p = f"layers.{layer}.attention"
        value = weights[f"{p}.value.bias"]
        changed[f"{p}.key.bias"] = np.zeros_like(weights[f"{p}.key.bias"])
        changed[f"{p}.value.bias"] = np.zeros_like(value)
        changed[f"{p}.output.bias"] = weights[f"{p}.output.bias"] + _times(
            weights[f"{p}.output.weight"], value
        )
    return {**weights, **changed}


def fold_query_scale(weights: Weights, config: BertConfig) -> Weights:
    """Divides the queries by sqrt(head size), so that the scores need no scaling."""
    scale = np.float32(1 / np.sqrt(config.head_size))
    names = [
        f"layers.{layer}.attention.query.{part}"
        for layer in range(config.stored_layers)
        for part in ("weight", "bias")
    ]
    return {**weights, **{name: weights[name] * scale for name in names}}


def merge_attention(
    weights: Weights, config: BertConfig, attention: str
) -> dict[str, tuple[str, Array, Array]]:
    """Joins key to query and value to output, head by head; takes folded weights.

    Returns:
        `query_key`: name, matrix [A·H, H] and bias [A·H]; gives for each head the vector whose
        dot product with a token is that token's score. `value_output`: name, matrix [H, A·H]
        and bias [H]; takes for each head the mixture of tokens.
    """
    size = config.head_size
    rows = [slice(head * size, (head + 1) * size) for head in range(config.num_attention_heads)]
    query, key, value, output = (
        weights[f"{attention}.{part}.weight"] for part in ("query", "key", "value", "output")
    )
    bias = weights[f"{attention}.query.bias"]
    return {
        "query_key": (
            f"{attention}.query_key",
            np.concatenate([key[r].T @ query[r] for r in rows]),
            np.concatenate([_times(key[r].T, bias[r]) for r in rows]),
        ),
        "value_output": (
            f"{attention}.value_output",
            np.concatenate([output[:, r] @ value[r] for r in rows], axis=1),
            weights[f"{attention}.output.bias"],
        ),
    }


def _times(matrix: Array, vector: Array) -> Array:
    """Matrix times vector, added up in float64 so that folding costs no digits."""
    product: Array = np.einsum("ij,j->i", matrix, vector, dtype=np.float64).astype(np.float32)
    return product
