"""Measures what the dense layers of a model read and give on real texts, channel by channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from edgebert.arrays import Array, Weights
from edgebert.bert.config import BertConfig
from edgebert.converter.bert_graph import write_graph
from edgebert.converter.builder import Builder
from edgebert.converter.graph import Graph, Tensor
from edgebert.converter.graph_ops import GraphOps, T
from edgebert.converter.head import Head
from edgebert.converter.run_graph import run_graph
from edgebert.converter.weight_storage import (
    FLOAT32,
    INT8,
    SMALL_MATRIX,
    Stored,
    WeightStorage,
)
from edgebert.progress import Progress
from edgebert.tokenizer.tokenizer import Encoding


@dataclass(frozen=True)
class ObservedDense:
    """A dense layer, and the least and largest number of each channel that it read and gave.

    Attributes:
        weight: [out, in].
        bias: [out].
        reads: [in] each.
        gives: [out] each.
        rows: how many it reads: one, or as many as there are tokens (`graph.DYNAMIC`).
    """

    weight: Array
    bias: Array | None
    reads: tuple[Array, Array]
    gives: tuple[Array, Array]
    rows: int

    @property
    def reach(self) -> Array:
        """Largest magnitude of each channel that it gave [out]."""
        magnitude: Array = np.maximum(-self.gives[0], self.gives[1])
        return magnitude


@dataclass(frozen=True)
class _Dense:
    weight: Array
    bias: Array | None
    x: Tensor
    y: Tensor


@dataclass(frozen=True)
class _Watching(WeightStorage):
    """Computes in float32, with tables as int8, and remembers the dense layers of the encoder."""

    seen: dict[str, _Dense] = field(default_factory=dict)

    def dense(self, graph: GraphOps[T], x: T, stored: Stored, bias: Array | None, name: str) -> T:
        y = super().dense(graph, x, stored, bias, name)
        if name.startswith("layers.") and len(stored) > SMALL_MATRIX:  # type: ignore[arg-type]
            self.seen[name] = _Dense(stored, bias, x, y)  # type: ignore[arg-type]  # of a `Graph`
        return y


def observe(
    weights: Weights,
    config: BertConfig,
    head: Head,
    encodings: Sequence[Encoding],
    progress: Progress,
) -> dict[str, ObservedDense]:
    """The encoder's dense layers on real text, by name, in the order in which they run.

    Args:
        weights: folded.
        config: of the weights.
        head: what the graph computes.
        encodings: texts to run.
        progress: told how far it is.
    """
    watching = _Watching(FLOAT32.store_matrix, INT8.store_table, repeats=False)
    graph = Graph()
    builder: Builder[Tensor] = Builder(config, weights, watching, graph)
    write_graph(builder, head)
    watched = [tensor for dense in watching.seen.values() for tensor in (dense.x, dense.y)]
    for number, tensor in enumerate(watched):
        graph.output(f"watched.{number}", tensor)
    spans: list[tuple[Array, Array]] = []
    by_length = sorted(encodings, key=lambda encoding: len(encoding.ids))
    for done, run in enumerate(run_graph(graph, head.task, by_length), 1):
        values = [run.get_tensor(detail["index"]) for detail in run.get_output_details()[1:]]
        found = [(value.min(axis=0), value.max(axis=0)) for value in values]
        spans = [_union(*pair) for pair in zip(spans or found, found, strict=True)]
        progress(done, len(encodings), "measuring ranges")
    pairs = zip(spans[::2], spans[1::2], strict=True)
    return {
        name: ObservedDense(dense.weight, dense.bias, *pair, dense.x.shape[0])
        for (name, dense), pair in zip(watching.seen.items(), pairs, strict=True)
    }


def _union(a: tuple[Array, Array], b: tuple[Array, Array]) -> tuple[Array, Array]:
    return np.minimum(a[0], b[0]), np.maximum(a[1], b[1])
