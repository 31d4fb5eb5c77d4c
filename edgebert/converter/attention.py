"""Multi-head attention, and the same for a few rows without keys and values."""

from __future__ import annotations

import numpy as np

from edgebert.converter.builder import Builder
from edgebert.converter.fold import merge_attention
from edgebert.converter.graph import DYNAMIC
from edgebert.converter.graph_ops import T

MASKED_SCORE = -10_000.0
"""Added to the score of a token that is not to be looked at, as in the original BERT."""


def mask_bias(b: Builder[T], mask: T) -> T:
    """0 for a token, `MASKED_SCORE` for padding: [1, 1, n]."""
    g = b.graph
    padding = g.sub(g.cast(g.reshape(mask, (1, 1, DYNAMIC)), np.float32), g.constant(np.float32(1)))
    return g.mul(padding, g.constant(np.float32(-MASKED_SCORE)))


def attention(b: Builder[T], rows: T, x: T, p: str, bias: T) -> T:
    """What rows [m, H] take from all tokens x [n, H], behind the output matrix."""
    g = b.graph
    if rows is x:
        query, key, value = _project(b, x, p, "query", "key", "value")
    else:
        (query,) = _project(b, rows, p, "query")
        key, value = _project(b, x, p, "key", "value")
    scores = g.add(g.batch_matmul(query, key, transpose_b=True), bias)
    mixed = g.transpose(g.batch_matmul(g.softmax(scores), value), (1, 0, 2))
    return b.dense(g.reshape(mixed, (rows.shape[0], b.config.inner_size)), f"{p}.attention.output")


def merged_attention(b: Builder[T], rows: T, x: T, p: str, bias: T) -> T:
    """The same as `attention` for a few rows [m, H], without keys and values.

    score_j = q·(K x_j) = (Kᵀq)·x_j and Σ_j a_j (V x_j) = V (Σ_j a_j x_j): with K joined to
    the query matrix and V to the output matrix, nothing is left to multiply token by token.
    """
    g, heads, width = b.graph, b.config.num_attention_heads, b.config.hidden_size
    merged = merge_attention(b.weights, b.config, f"{p}.attention")
    tokens = g.reshape(x, (1, DYNAMIC, width))
    many = heads if rows.shape[0] == 1 else DYNAMIC
    query = g.reshape(b.dense_of(rows, *merged["query_key"]), (1, many, width))
    scores = g.add(g.batch_matmul(query, tokens, transpose_b=True), bias)
    mixed = g.batch_matmul(g.softmax(scores), tokens)
    mixed = g.reshape(mixed, (rows.shape[0], heads * width))
    return b.dense_of(mixed, *merged["value_output"])


def _project(b: Builder[T], x: T, p: str, *parts: str) -> list[T]:
    """Queries, keys or values of x [m, H] in heads, each [A, m, head size].

    One product for all parts: x is quantised once, and one transpose serves them all.
    """
    g, heads, size = b.graph, b.config.num_attention_heads, b.config.head_size
    weight, bias = (
        np.concatenate([b.weights[f"{p}.attention.{part}.{kind}"] for part in parts])
        for kind in ("weight", "bias")
    )
    name = f"{p}.attention.{'_'.join(parts)}"
    joined = b.dense_of(x, name, weight, bias if bias.any() else None)
    joined = g.reshape(joined, (x.shape[0], len(parts) * heads, size))
    joined = g.transpose(joined, (1, 0, 2))
    return [g.planes(joined, part * heads, heads) for part in range(len(parts))]
