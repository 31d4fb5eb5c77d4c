"""What the parts of a graph are written with: weights by name, stored as their file has them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Generic

import numpy as np

from edgebert.arrays import Array, Weights
from edgebert.bert.config import Activation, BertConfig
from edgebert.converter.graph_ops import GraphOps, T, WeightOps


@dataclass(frozen=True)
class Builder(Generic[T]):
    """Writes into one graph.

    Attributes:
        weights: folded (`fold`), so that no norm has a bias and no key or value has one.
        matrices: as they were stored, and tables too, by name: what is read twice is stored once.
        tables: tensors of the graph, by name.
    """

    config: BertConfig
    weights: Weights
    storage: WeightOps[T]
    graph: GraphOps[T]
    matrices: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, T] = field(default_factory=dict)

    def on(self, graph: GraphOps[T]) -> Builder[T]:
        """The same, writing into another graph of the same file."""
        return replace(self, graph=graph, tables={})

    def dense(self, x: T, name: str) -> T:
        """Rows times a weight matrix by name, plus its bias."""
        return self.dense_of(x, name, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def dense_of(self, x: T, name: str, weight: Array, bias: Array | None) -> T:
        """Rows times a weight matrix, plus its bias."""
        if name not in self.matrices:
            self.matrices[name] = self.storage.stored(weight)
        return self.storage.dense(self.graph, x, self.matrices[name], bias, name)

    def table(self, name: str) -> T:
        """A table, read by row; stored once, though `fill-mask` reads words twice."""
        if name not in self.tables:
            if name not in self.matrices:
                self.matrices[name] = self.storage.stored_table(self.weights[name], name)
            self.tables[name] = self.storage.table(self.graph, self.matrices[name], name)
        return self.tables[name]

    def scaled_columns(self, rows: T) -> T:
        """Rows [n, E] times what the columns of the embedding tables were divided by, if they were.

        See `embedding_tables.equalize_columns`.
        """
        scales = self.weights.get("embeddings.column_scales")
        return rows if scales is None else self.graph.mul(rows, self.graph.constant(scales))

    def times_table(self, x: T, name: str, bias: T | None) -> T:
        """Rows [m, E] times each row of a table [V, E], plus a bias [V]: [m, V]."""
        return self.storage.times_table(self.graph, x, self.table(name), bias)

    def activation(self, x: T, kind: Activation) -> T:
        """An activation, element by element."""
        g = self.graph
        return g.relu(x) if kind == "relu" else g.gelu(x, approximate=kind == "gelu_tanh")

    def layer_norm(self, x: T, name: str) -> T:
        """Layer norm over the last axis, without its bias."""
        return self.rms_norm(self.graph.sub(x, self.graph.mean(x)), name)

    def rms_norm(self, x: T, name: str) -> T:
        """Root mean square norm over the last axis: the layer norm of rows whose mean is 0."""
        g = self.graph
        square = g.mean(g.mul(x, x))
        inverse = g.rsqrt(g.add(square, g.constant(np.float32(self.config.layer_norm_eps))))
        return g.mul(g.mul(x, inverse), g.constant(self.weights[f"{name}.weight"]))

    def residual(self, x: T, change: T, norm: str) -> T:
        """The norm of x + change, where both are [m, H]."""
        g = self.graph
        change = g.dropout(change)
        if self.config.norm == "no_norm":  # the change is scaled already (`fold.fold_no_norms`)
            return g.add(g.mul(x, g.constant(self.weights[f"{norm}.weight"])), change)
        return self.layer_norm(g.add(x, change), norm)
