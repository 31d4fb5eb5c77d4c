"""What each task computes from the rows it reads of the last hidden state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from edgebert.bert.sentence import DenseActivation, pooling_modes
from edgebert.converter.attention import mask_bias
from edgebert.converter.builder import Builder
from edgebert.converter.graph import DYNAMIC
from edgebert.converter.graph_ops import T
from edgebert.converter.head import Head

_LAST_TOKEN_STEP = 100.0
_LAST_TOKEN_PADDING = 1000.0
"""exp(-100) is 0 in float32; padding, 1000 times as far down, is below any token."""

TaskHead: TypeAlias = Callable[[Builder[T], Head, T, T], T]


def embed(b: Builder[T], head: Head, hidden: T, mask: T) -> T:
    """Sentence vector [1, H], or of another size where it is projected or truncated."""
    g = b.graph
    pooled = [_pooled(b, mode, hidden, mask) for mode in pooling_modes(head.pooling)]
    vector = pooled[0] if len(pooled) == 1 else g.concatenate(pooled)
    for number, kind in enumerate(head.projections):
        vector = _activated(b, b.dense(vector, f"projections.{number}"), kind)
    if head.normalize_whole:
        vector = g.l2_normalization(vector)
    if head.truncate_dim is not None:
        vector = g.columns(vector, 0, head.truncate_dim)
    return g.l2_normalization(vector) if head.normalize else vector


def classify(b: Builder[T], head: Head, hidden: T, mask: T) -> T:
    """Probabilities [1, K]."""
    logits = _logits(b, hidden)
    return b.graph.logistic(logits) if head.multi_label else b.graph.softmax(logits)


def regress(b: Builder[T], head: Head, hidden: T, mask: T) -> T:
    """Outputs of the classifier as they are, or their sigmoid: [1, K]."""
    logits = _logits(b, hidden)
    return b.graph.logistic(logits) if head.sigmoid else logits


def _logits(b: Builder[T], hidden: T) -> T:
    kind = b.config.pooler_act
    if kind is not None:
        pooled = b.dense(hidden, "pooler")
        hidden = b.graph.tanh(pooled) if kind == "tanh" else b.activation(pooled, kind)
    return b.dense(b.graph.dropout(hidden), "classifier")


def encode(b: Builder[T], head: Head, hidden: T, mask: T) -> T:
    """Last hidden state [1, n, H]."""
    return b.graph.reshape(_whole(b, hidden), (1, DYNAMIC, b.config.hidden_size))


def tag(b: Builder[T], head: Head, hidden: T, mask: T) -> T:
    """Logits of each token [1, n, K]."""
    logits = b.dense(b.graph.dropout(hidden), "tagger")
    return b.graph.reshape(logits, (1, DYNAMIC, logits.shape[1]))


def answer(b: Builder[T], head: Head, hidden: T, mask: T) -> T:
    """Start and end logits [1, n, 2]."""
    return b.graph.reshape(b.dense(b.graph.dropout(hidden), "answerer"), (1, DYNAMIC, 2))


def fill_mask(b: Builder[T], head: Head, hidden: T, mask: T) -> T:
    """Logits over the vocabulary [1, m, V]; the word table serves as the output matrix."""
    g, width = b.graph, b.config.word_size
    hidden = b.activation(b.dense(hidden, "mlm.transform"), b.config.hidden_act)
    hidden = b.layer_norm(hidden, "mlm.norm")
    bias = g.constant(b.weights["mlm.bias"], "mlm.bias")
    words = b.scaled_columns(g.columns(hidden, 0, width))
    logits = b.times_table(words, "embeddings.word", bias)
    if "mlm.rest.weight" in b.weights:
        rest = g.columns(hidden, width, hidden.shape[1] - width)
        logits = g.add(logits, b.times_table(rest, "mlm.rest.weight", None))
    return g.reshape(logits, (1, DYNAMIC, b.config.vocab_size))


def _whole(b: Builder[T], hidden: T) -> T:
    """With the bias of the last norm, which other tasks have in their matrices."""
    bias = b.weights["encoder.bias"]
    return b.graph.add(hidden, b.graph.constant(bias)) if bias.any() else hidden


def _pooled(b: Builder[T], mode: str, hidden: T, mask: T) -> T:
    """One vector [1, H] of the rows whose mask is 1."""
    g, width = b.graph, b.config.hidden_size
    if mode == "cls":
        return _whole(b, g.first_rows(hidden, 1) if hidden.shape[0] != 1 else hidden)
    bias = mask_bias(b, mask)
    if mode == "max":
        return _whole(b, g.max_of_rows(g.add(hidden, g.reshape(bias, (DYNAMIC, 1)))))
    # Each other pooling is a mean with weights, and those are a softmax: of 0 for a token and
    # MASKED_SCORE for padding it gives 1 / tokens and 0.
    share = g.softmax(_pooling_scores(b, mode, bias))
    mean = g.batch_matmul(share, g.reshape(hidden, (1, DYNAMIC, width)))
    vector = _whole(b, g.reshape(mean, (1, width)))
    if mode != "mean_sqrt_len_tokens":
        return vector
    # The first token is always one: its share is 1 / tokens.
    first = g.columns(g.reshape(share, (1, DYNAMIC)), 0, 1)
    return g.mul(vector, g.rsqrt(first))


def _pooling_scores(b: Builder[T], mode: str, bias: T) -> T:
    """Scores [1, 1, n] whose softmax are the weights of the tokens.

    Of weights 1, 2, 3 … they are the logarithms; for the last token, steps so large that only the
    highest counts.
    """
    g = b.graph
    if mode not in ("weightedmean", "lasttoken"):
        return bias
    numbers = np.arange(1, b.config.max_position_embeddings + 1, dtype=np.float32)
    if mode == "weightedmean":
        scores = np.log(numbers)
    else:
        scores = numbers * np.float32(_LAST_TOKEN_STEP)
        bias = g.mul(bias, g.constant(np.float32(_LAST_TOKEN_PADDING)))
    table = g.constant(scores[:, None], f"pooling.{mode}")
    rows = g.first_rows_like(table, g.reshape(bias, (DYNAMIC,)))
    return g.add(bias, g.reshape(rows, (1, 1, DYNAMIC)))


def _activated(b: Builder[T], x: T, kind: DenseActivation) -> T:
    g = b.graph
    if kind == "identity":
        return x
    if kind == "gelu":
        return g.gelu(x, approximate=False)
    return {"tanh": g.tanh, "relu": g.relu, "sigmoid": g.logistic}[kind](x)


TASK_HEADS: Mapping[str, TaskHead[Any]] = MappingProxyType(
    {
        "embed": embed,
        "classify": classify,
        "regress": regress,
        "encode": encode,
        "tag": tag,
        "answer": answer,
        "fill-mask": fill_mask,
    }
)
"""By task. Each takes the graph's builder, what is to be computed, the rows and the mask."""
