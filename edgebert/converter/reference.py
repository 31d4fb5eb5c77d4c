"""BERT's forward pass in plain numpy: what a converted file is compared with.

Written from the papers (BERT: arXiv 1810.04805, ALBERT: 1909.11942, MobileBERT: 2004.02984) and on
its own: it shares no code and no rewriting of weights with the graph, so that a mistake there
cannot hide here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebert.arrays import Array, Weights
from edgebert.bert.config import Activation, BertConfig
from edgebert.converter.head import Head

_STEP = 1 / 256
_ERF_TABLE = np.array([math.erf(k * _STEP) for k in range(6 * 256 + 1)])
_ERF_SLOPES = 2 / math.sqrt(math.pi) * np.exp(-((np.arange(6 * 256 + 1) * _STEP) ** 2))


def forward(
    weights: Weights,
    config: BertConfig,
    ids: Sequence[int],
    segment_ids: Sequence[int] | None = None,
) -> Array:
    """Last hidden state [n, H] of one unpadded input of n tokens."""
    x = _embeddings(weights, config, list(ids), segment_ids)
    for layer in range(config.num_hidden_layers):
        x = _layer(x, weights, f"layers.{0 if config.shared_layers else layer}", config)
    return x


def output(
    weights: Weights,
    config: BertConfig,
    head: Head,
    ids: Sequence[int],
    segment_ids: Sequence[int] | None = None,
    positions: Sequence[int] | None = None,
) -> Array:
    """What the converted graph should give for one input (see `bert.tasks.TaskDefinition.output`).

    `positions`, an input of `fill-mask`, names the tokens to answer for; None: all of them.
    """
    x = forward(weights, config, ids, segment_ids)
    x = x if positions is None else x[list(positions)]
    if head.task == "embed":
        return _sentence_vector(x, weights, head)
    if head.task in ("classify", "regress"):
        logits = _dense(_pool(x[:1], weights, config), weights, "classifier")
        if head.task == "regress":
            return _sigmoid(logits) if head.sigmoid else logits
        return _sigmoid(logits) if head.multi_label else _softmax(logits)
    if head.task == "fill-mask":
        x = _activate(_dense(x, weights, "mlm.transform"), config.hidden_act)
        x = _layer_norm(x, weights, "mlm.norm", config)
        columns = [weights["embeddings.word"]]
        if "mlm.rest.weight" in weights:
            columns.append(weights["mlm.rest.weight"])
        return (x @ np.concatenate(columns, axis=1).T + weights["mlm.bias"])[None]
    if head.task == "encode":
        return x[None]
    return _dense(x, weights, {"tag": "tagger", "answer": "answerer"}[head.task])[None]


def _sentence_vector(x: Array, weights: Weights, head: Head) -> Array:
    """The vector of tokens [n, H], as sentence-transformers' modules say: [1, …]."""
    vector = np.concatenate([_pooled(x, mode) for mode in head.pooling.split("+")], axis=1)
    for number, kind in enumerate(head.projections):
        vector = _DENSE_ACTIVATIONS[kind](_dense(vector, weights, f"projections.{number}"))
    if head.normalize_whole:
        vector = vector / np.linalg.norm(vector)
    vector = vector[:, : head.truncate_dim]
    if head.normalize:
        vector = vector / np.linalg.norm(vector)
    return vector.astype(np.float32)


def _pooled(x: Array, mode: str) -> Array:
    places = np.arange(1, len(x) + 1)[:, None]
    pooled: dict[str, Array] = {
        "cls": x[0],
        "max": x.max(axis=0),
        "mean": x.mean(axis=0),
        "mean_sqrt_len_tokens": x.sum(axis=0) / math.sqrt(len(x)),
        "weightedmean": (x * places).sum(axis=0) / places.sum(),
        "lasttoken": x[-1],
    }
    return pooled[mode][None]


def _dense(x: Array, weights: Weights, name: str) -> Array:
    y: Array = x @ weights[f"{name}.weight"].T
    y += weights[f"{name}.bias"]
    return y


def _embeddings(
    weights: Weights, config: BertConfig, ids: list[int], segment_ids: Sequence[int] | None
) -> Array:
    x = weights["embeddings.word"][ids]
    if config.trigrams:
        edge = np.zeros_like(x[:1])
        following, preceding = np.concatenate([x[1:], edge]), np.concatenate([edge, x[:-1]])
        x = np.concatenate([following, x, preceding], axis=1)
    if config.projection == "words":
        x = _dense(x, weights, "embeddings.projection")
    x = x + weights["embeddings.position"][: len(ids)]
    if config.type_vocab_size:
        segments = [0] * len(ids) if segment_ids is None else segment_ids
        x = x + weights["embeddings.segment"][list(segments)]
    x = _norm(x, weights, "embeddings.norm", config)
    return _dense(x, weights, "embeddings.projection") if config.projection == "embeddings" else x


def _layer(x: Array, weights: Weights, p: str, config: BertConfig) -> Array:
    shared = start = x
    if config.bottleneck_size:
        shared, start = (
            _norm(_dense(x, weights, f"{p}.{way}"), weights, f"{p}.{way}.norm", config)
            for way in ("bottleneck.query_key", "bottleneck.input")
        )
    mixed = _attention(shared, x, weights, p, config)
    y = _norm(start + mixed, weights, f"{p}.attention.norm", config)
    further = [f"further_ffn.{i}" for i in range(config.num_feedforward_networks - 1)]
    for ffn in (*further, "ffn"):
        inner = _activate(_dense(y, weights, f"{p}.{ffn}.intermediate"), config.hidden_act)
        y = _norm(
            y + _dense(inner, weights, f"{p}.{ffn}.output"), weights, f"{p}.{ffn}.norm", config
        )
    if config.bottleneck_size:
        name = f"{p}.bottleneck.output"
        y = _norm(x + _dense(y, weights, name), weights, f"{name}.norm", config)
    return y


def _norm(x: Array, weights: Weights, name: str, config: BertConfig) -> Array:
    if config.norm == "no_norm":
        changed: Array = x * weights[f"{name}.weight"] + weights[f"{name}.bias"]
        return changed
    return _layer_norm(x, weights, name, config)


def _layer_norm(x: Array, weights: Weights, name: str, config: BertConfig) -> Array:
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred**2).mean(axis=-1, keepdims=True)
    normed = centred / np.sqrt(variance + np.float32(config.layer_norm_eps))
    scaled: Array = normed * weights[f"{name}.weight"] + weights[f"{name}.bias"]
    return scaled


def _attention(shared: Array, x: Array, weights: Weights, p: str, config: BertConfig) -> Array:
    """Queries and keys come from `shared`, values from x."""
    query, key, value = (
        _heads(_dense(source, weights, f"{p}.attention.{part}"), config)
        for part, source in (("query", shared), ("key", shared), ("value", x))
    )
    scores = query @ key.transpose(0, 2, 1) / np.float32(math.sqrt(config.head_size))
    mixed = (_softmax(scores) @ value).transpose(1, 0, 2).reshape(len(x), config.inner_size)
    return _dense(mixed, weights, f"{p}.attention.output")


def _heads(x: Array, config: BertConfig) -> Array:
    """[n, H] as [A, n, H / A]."""
    return x.reshape(len(x), config.num_attention_heads, config.head_size).transpose(1, 0, 2)


def _softmax(x: Array) -> Array:
    grown: Array = np.exp(x - x.max(axis=-1, keepdims=True))
    grown /= grown.sum(axis=-1, keepdims=True)
    return grown


def _sigmoid(x: Array) -> Array:
    grown: Array = np.exp(-x)
    return np.reciprocal(1 + grown)


def _pool(x: Array, weights: Weights, config: BertConfig) -> Array:
    if config.pooler_act is None:
        return x
    pooled = _dense(x, weights, "pooler")
    return np.tanh(pooled) if config.pooler_act == "tanh" else _activate(pooled, config.pooler_act)


def _activate(x: Array, activation: Activation) -> Array:
    if activation == "relu":
        return x.clip(min=0)
    if activation == "gelu_tanh":
        cubed = x + np.float32(0.044715) * x**3
        return _half(x, np.tanh(cubed * math.sqrt(2 / math.pi), dtype=np.float32))
    return _half(x, erf(x * np.float32(math.sqrt(0.5))))


def _half(x: Array, sign: Array) -> Array:
    share: Array = np.float32(0.5) * x
    share *= sign + 1
    return share


_DENSE_ACTIVATIONS: Mapping[str, Callable[[Array], Array]] = MappingProxyType(
    {
        "identity": lambda x: x,
        "tanh": np.tanh,
        "relu": lambda x: x.clip(min=0),
        "gelu": lambda x: _activate(x, "gelu"),
        "sigmoid": _sigmoid,
    }
)


def erf(x: npt.NDArray[Any]) -> Array:
    """The error function, which numpy lacks: a table and two terms of Taylor, good to 1e-8."""
    # Most of the reference's time outside of its products: nothing is written to memory twice.
    rest = np.abs(x, dtype=np.float64)
    np.minimum(rest, 6 - _STEP, out=rest)
    index = np.rint(rest / _STEP).astype(np.intp)
    base = index * _STEP
    rest -= base
    base *= rest
    second = np.subtract(1, base, out=base)
    rest *= _ERF_SLOPES[index]
    rest *= second
    rest += _ERF_TABLE[index]
    result: Array = np.copysign(rest, x).astype(np.float32)
    return result
