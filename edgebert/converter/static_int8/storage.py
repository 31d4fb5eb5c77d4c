"""Writes the dense layers of a graph: static those that are planned so, others as in `int8`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgebert.arrays import Array
from edgebert.converter.graph import Graph, Tensor
from edgebert.converter.graph_ops import GraphOps
from edgebert.converter.static_int8.dense import StaticDense
from edgebert.converter.weight_storage import FLOAT32, INT8, Stored


@dataclass(frozen=True)
class StaticStorage:
    """A `graph_ops.WeightOps` of one graph.

    Attributes:
        graph: that is written into; there is no other, since no layers are repeated.
        static: layers in int8 with fixed ranges, by name.
    """

    graph: Graph
    static: Mapping[str, StaticDense]
    repeats: bool = False

    def stored(self, weight: Array) -> Array:
        """The matrix of a dense layer; how it is kept depends on the layer."""
        return weight

    def dense(
        self, graph: GraphOps[Tensor], x: Tensor, stored: Array, bias: Array | None, name: str
    ) -> Tensor:
        """Rows x [m, in] times a weight [out, in], plus a bias [out]: [m, out]."""
        if name in self.static:
            return self._static(x, self.static[name], name)
        kept = FLOAT32 if ".outliers." in name else INT8
        return kept.dense(graph, x, kept.stored(stored), bias, name)

    def _static(self, x: Tensor, layer: StaticDense, name: str) -> Tensor:
        g = self.graph
        if layer.smoothing is not None:
            x = g.mul(x, g.constant(layer.smoothing))
        matrix, bias = g.constant(layer.matrix, name), g.constant(layer.bias, f"{name}.bias")
        y = g.dequantize(g.fully_connected(g.quantize(x, layer.reads), matrix, bias, layer.gives))
        return y if layer.channel_scales is None else g.mul(y, g.constant(layer.channel_scales))

    def stored_table(self, weight: Array, name: str) -> Stored:
        """A table as `table` takes it."""
        return INT8.stored_table(weight, name)

    def table(self, graph: GraphOps[Tensor], stored: Stored, name: str) -> Tensor:
        """The table as GATHER takes it."""
        return INT8.table(graph, stored, name)

    def times_table(
        self, graph: GraphOps[Tensor], x: Tensor, table: Tensor, bias: Tensor | None
    ) -> Tensor:
        """Rows [m, E] times each row of a table [V, E], plus a bias [V]: [m, V]."""
        return INT8.times_table(graph, x, table, bias)
