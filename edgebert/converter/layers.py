"""A transformer layer, for all tokens or the rows that the head reads; and all layers in order."""

from __future__ import annotations

from edgebert.converter.attention import attention, merged_attention
from edgebert.converter.builder import Builder
from edgebert.converter.fold import feed_forwards
from edgebert.converter.graph import DYNAMIC
from edgebert.converter.graph_ops import GraphOps, T
from edgebert.converter.head import Head

MERGED_HEADS = 4
"""Most heads for which `merged_attention` pays: its matrices are as many times larger as half the
heads. 2/128 gains 14 % of its time for nothing, 4/256 5 % for 2 % of its size."""


def encoder(b: Builder[T], x: T, bias: T, head: Head, chosen: T | None = None) -> T:
    """All layers: from x [n, H] to the rows that the head reads, [1, H], [m, H] or [n, H].

    The last layer computes those rows only, where it has weights of its own. Layers that share
    weights are one step that is repeated, so that the engine packs them once.
    """
    config = b.config
    if config.shared_layers:
        return _read(b, _shared_layers(b, x, bias), head, chosen)
    last = config.num_hidden_layers - 1
    for number in range(last):
        x = layer(b, x, x, f"layers.{number}", bias)
    return layer(b, _read(b, x, head, chosen), x, f"layers.{last}", bias)


def layer(b: Builder[T], rows: T, x: T, p: str, bias: T) -> T:
    """One layer for some rows [m, H] of its input x [n, H]."""
    narrow = b.config.bottleneck_size is not None
    merge = rows is not x and not narrow and b.config.num_attention_heads <= MERGED_HEADS
    mixed = (merged_attention if merge else attention)(b, rows, x, p, bias)
    start = b.dense(rows, f"{p}.bottleneck.input") if narrow else rows
    y = b.residual(start, mixed, f"{p}.attention.norm")
    for name in feed_forwards(b.config):
        y = _feed_forward(b, y, f"{p}.{name}")
    if not narrow:
        return y
    wide = b.dense(y, f"{p}.bottleneck.output")
    return b.residual(rows, wide, f"{p}.bottleneck.output.norm")


def _shared_layers(b: Builder[T], x: T, bias: T) -> T:
    def step(graph: GraphOps[T], x: T, bias: T) -> T:
        return layer(b.on(graph), x, x, "layers.0", bias)

    times = b.config.num_hidden_layers
    if b.storage.repeats:
        return b.graph.repeat(times, step, x, bias)
    for _ in range(times):
        x = step(b.graph, x, bias)
    return x


def _feed_forward(b: Builder[T], x: T, p: str) -> T:
    """Two dense layers, their residual sum and its norm."""
    change = _inner(b, x, p)
    if f"{p}.outliers.output.weight" in b.weights:
        change = b.graph.add(change, _inner(b, x, f"{p}.outliers"))
    return b.residual(x, change, f"{p}.norm")


def _inner(b: Builder[T], x: T, p: str) -> T:
    inner = b.activation(b.dense(x, f"{p}.intermediate"), b.config.hidden_act)
    return b.dense(inner, f"{p}.output")


def _read(b: Builder[T], x: T, head: Head, chosen: T | None) -> T:
    """The rows of x [n, H] that the head reads; x itself where it reads all.

    A product with zeros and ones is exact, and XNNPACK runs it; a GATHER at this place would
    cut XNNPACK's part of the graph in two.
    """
    g, width = b.graph, b.config.hidden_size
    if head.reads == "all":
        return x
    if chosen is None:
        return g.first_rows(x, 1)
    picked = g.batch_matmul(chosen, g.reshape(x, (1, DYNAMIC, width)))
    return g.reshape(picked, (DYNAMIC, width))
