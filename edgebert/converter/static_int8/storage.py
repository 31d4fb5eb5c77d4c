"""Writes the dense layers of a graph: static those that are planned so, others as in `int8`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgebert.arrays import Array
from edgebert.converter.graph import Graph, Tensor
from edgebert.converter.graph_ops import GraphOps
from edgebert.converter.static_int8.dense import StaticDense
from edgebert.converter.weight_storage import FLOAT32, INT8, Stored, WeightStorage


@dataclass(frozen=True)
class StaticStorage:
    """A `graph_ops.WeightOps` of one graph.

    Attributes:
        graph: that is written into; there is no other, since no layers are repeated.
        layers: those that were planned, by name.
        dynamic: names of those among them whose ranges are computed while they run all the same.
        kept: matrices of the layers that were not planned: graphs of one file share them.
        tables: how those are stored.
    """

    graph: Graph
    layers: Mapping[str, StaticDense]
    dynamic: frozenset[str] = frozenset()
    kept: dict[str, Stored] = field(default_factory=dict)
    tables: WeightStorage = INT8
    repeats: bool = False

    def stored(self, weight: Array) -> Array:
        """The matrix of a dense layer; how it is kept depends on the layer."""
        return weight

    def dense(
        self, graph: GraphOps[Tensor], x: Tensor, stored: Array, bias: Array | None, name: str
    ) -> Tensor:
        """Rows x [m, in] times a weight [out, in], plus a bias [out]: [m, out]."""
        layer = self.layers.get(name)
        if layer is not None and name not in self.dynamic:
            return self._static(x, layer, name)
        if layer is not None:
            return INT8.dense(graph, self._smoothed(x, layer), layer.dynamic_matrix, bias, name)
        storage = FLOAT32 if ".outliers." in name else INT8
        if name not in self.kept:
            self.kept[name] = storage.stored(stored)
        return storage.dense(graph, x, self.kept[name], bias, name)

    def _static(self, x: Tensor, layer: StaticDense, name: str) -> Tensor:
        g, x = self.graph, self._smoothed(x, layer)
        matrix, bias = g.constant(layer.matrix, name), g.constant(layer.bias, f"{name}.bias")
        y = g.dequantize(g.fully_connected(g.quantize(x, layer.reads), matrix, bias, layer.gives))
        return y if layer.channel_scales is None else g.mul(y, g.constant(layer.channel_scales))

    def _smoothed(self, x: Tensor, layer: StaticDense) -> Tensor:
        by = layer.smoothing
        return x if by is None else self.graph.mul(x, self.graph.constant(by))

    def stored_table(self, weight: Array, name: str) -> Stored:
        """A table as `table` takes it."""
        return self.tables.stored_table(weight, name)

    def table(self, graph: GraphOps[Tensor], stored: Stored, name: str) -> Tensor:
        """The table as GATHER takes it."""
        return self.tables.table(graph, stored, name)

    def times_table(
        self, graph: GraphOps[Tensor], x: Tensor, table: Tensor, bias: Tensor | None
    ) -> Tensor:
        """Rows [m, E] times each row of a table [V, E], plus a bias [V]: [m, V]."""
        return self.tables.times_table(graph, x, table, bias)
