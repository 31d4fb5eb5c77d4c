"""Rewrites of weights that make ranges of int8 fit better; answers stay as they are.

Each is a pure function from folded weights to weights.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edgebert.arrays import Array, Weights
from edgebert.bert.config import BertConfig
from edgebert.converter.graph import DYNAMIC
from edgebert.converter.static_int8.observe import ObservedDense

OUTLIERS = 8
"""Most neurons of a layer that are kept apart. XNNPACK's float kernels multiply eight columns at a
time, so one costs as much as eight."""

_STANDS_OUT = 1.5
"""How many times as far as the others an outlier reaches. Keeping them apart costs 1 % of a layer's
instructions."""

_QUIET = 0.02
"""Of the largest channel's reach, what each is taken to have at least."""

_LEAST = 1e-4


def equalize_attention(
    weights: Weights, seen: Mapping[str, ObservedDense], config: BertConfig
) -> Weights:
    """Gives all channels of queries, keys and values ranges that one scale serves.

    A score is the sum of q_c * k_c over channels: q_c / s and k_c * s leave it as it is, and with
    s = sqrt(max q_c / max k_c) both reach as far. A value channel is divided by what it exceeds
    them by, which the column of the output matrix that reads it is multiplied with.
    """
    changed = dict(weights)
    for layer in range(config.num_hidden_layers):
        p = f"layers.{layer}.attention"
        reach = _attention_reach(seen, p, config.hidden_size)
        if reach is None:
            continue
        query, key, value = reach
        by = np.sqrt(query / key)
        most = np.sqrt((query * key).max())
        scales = {"query": 1 / by, "key": by, "value": most / value}
        for part, scale in scales.items():
            for kind in ("weight", "bias"):
                name = f"{p}.{part}.{kind}"
                rows = scale[:, None] if kind == "weight" else scale
                changed[name] = (weights[name] * rows).astype(np.float32)
        output = f"{p}.output.weight"
        changed[output] = (weights[output] / scales["value"]).astype(np.float32)
    return changed


def _attention_reach(seen: Mapping[str, ObservedDense], p: str, width: int) -> list[Array] | None:
    """Largest magnitudes of queries, keys and values; None where there are no such matrices."""
    found = [
        seen[name].reach
        for name in (f"{p}.query_key_value", f"{p}.query", f"{p}.key_value")
        if name in seen
    ]
    if not found or sum(map(len, found)) != 3 * width:
        return None
    parts = np.concatenate(found).astype(np.float64).reshape(3, width)
    # A channel that was silent on these texts need not be on others.
    return [part.clip(max(_QUIET * float(part.max()), _LEAST)) for part in parts]


def split_outliers(
    weights: Weights, seen: Mapping[str, ObservedDense], config: BertConfig
) -> Weights:
    """Keeps apart the neurons of a feed-forward network that reach much farther than the others.

    A trained BERT has one to five in a layer whose activation is several times that of all others,
    and one scale for all makes the others coarse. They become a small network of their own, named
    `.outliers`, in float32 (as the outlier dimensions of LLM.int8(), arXiv 2208.07339).
    """
    changed = dict(weights)
    for layer in range(config.num_hidden_layers):
        p = f"layers.{layer}.ffn"
        dense = seen.get(f"{p}.intermediate")
        if dense is None or dense.rows != DYNAMIC or len(dense.weight) <= 2 * OUTLIERS:
            continue
        high = dense.gives[1]
        order = np.argsort(-high, kind="stable")
        if high[order[0]] < _STANDS_OUT * high[order[OUTLIERS]]:
            continue
        apart, rest = np.sort(order[:OUTLIERS]), np.sort(order[OUTLIERS:])
        for suffix, rows in (("", rest), (".outliers", apart)):
            for kind in ("weight", "bias"):
                name = f"{p}{suffix}.intermediate.{kind}"
                changed[name] = weights[f"{p}.intermediate.{kind}"][rows]
            changed[f"{p}{suffix}.output.weight"] = np.ascontiguousarray(
                weights[f"{p}.output.weight"][:, rows]
            )
        changed[f"{p}.outliers.output.bias"] = np.zeros(config.hidden_size, np.float32)
    return changed
