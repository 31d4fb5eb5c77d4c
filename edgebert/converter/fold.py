"""Rewrites of a BERT's weights that leave its answers as they are and its graph with less to do.

Each step is a pure function from weights to weights: what it does not change it passes on. After
any of them `reference.forward` gives the same answers, up to rounding.
"""

from __future__ import annotations

import numpy as np

from edgebert.bert.config import BertConfig
from edgebert.bert.weights import Array, Weights


def fold(weights: Weights, config: BertConfig) -> Weights:
    """All steps, in the order in which they feed each other."""
    for step in (fold_segments, fold_norm_biases, fold_attention_biases, fold_query_scale):
        weights = step(weights, config)
    return weights


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


def fold_norm_biases(weights: Weights, config: BertConfig) -> Weights:
    """Moves the bias of each layer norm into what reads it; the norm's own becomes zero.

    A matrix that reads `y + bias` has `weight @ bias` added to its bias; the residual sum takes
    it through the bias of the matrix that ends the block. What is left after the last layer is
    kept as `encoder.bias` [H] for the tasks that have no matrix to take it.
    """
    changed: dict[str, Array] = {}

    def get(name: str) -> Array:
        return changed.get(name, weights[name])

    def move(norm: str, readers: list[str], residual: str | None) -> None:
        bias = weights[f"{norm}.bias"]
        for reader in readers:
            if f"{reader}.weight" in weights:
                changed[f"{reader}.bias"] = get(f"{reader}.bias") + _times(
                    weights[f"{reader}.weight"], bias
                )
        if residual:
            changed[f"{residual}.bias"] = get(f"{residual}.bias") + bias
        changed[f"{norm}.bias"] = np.zeros_like(bias)

    norm = "embeddings.norm"
    for layer in range(config.num_hidden_layers):
        p = f"layers.{layer}"
        readers = [f"{p}.attention.{part}" for part in ("query", "key", "value")]
        move(norm, readers, f"{p}.attention.output")
        move(f"{p}.attention.norm", [f"{p}.ffn.intermediate"], f"{p}.ffn.output")
        norm = f"{p}.ffn.norm"
    changed["encoder.bias"] = weights[f"{norm}.bias"]
    move(norm, ["pooler", "tagger", "answerer", "mlm.transform"], None)
    if "mlm.norm.bias" in weights:
        bias = weights["mlm.norm.bias"]
        changed["mlm.bias"] = weights["mlm.bias"] + _times(weights["embeddings.word"], bias)
        changed["mlm.norm.bias"] = np.zeros_like(bias)
    return {**weights, **changed}


def fold_attention_biases(weights: Weights, config: BertConfig) -> Weights:
    """Drops the key bias, and moves the value bias behind the attention.

    A key bias adds the same to all scores of one query, which softmax does not see. Probabilities
    sum to 1, so a value bias passes through them whole and can join the output bias.
    """
    changed: dict[str, Array] = {}
    for layer in range(config.num_hidden_layers):
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
        for layer in range(config.num_hidden_layers)
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
