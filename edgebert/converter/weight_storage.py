"""How the large weights of a float graph are stored: as int4, int8, float16 or float32."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from edgebert.arrays import Array
from edgebert.converter.graph_ops import GraphOps, T
from edgebert.converter.quantize import (
    Quantized,
    quantize_per_row,
    quantize_per_tensor,
    quantize_table_to_int4,
)

Stored: TypeAlias = "Array | npt.NDArray[np.float16] | Quantized"

WORD_TABLE = "embeddings.word"

SMALL_MATRIX = 16
"""Matrices of at most so many rows, those of most heads, stay float32: as int8 they would save a
few kilobytes and add their error to every answer."""


@dataclass(frozen=True)
class WeightStorage:
    """How the two kinds of large weights are stored; biases and norms are always float32.

    Attributes:
        store_matrix: for the matrix of a dense layer, [out, in].
        store_table: for embeddings, read by row.
        store_words: for the largest of them, the word table; None: as the others.
        gathers_stored: rows are read as stored and converted after; else the table is converted
            whole when the model is loaded, which costs its float32 size in memory.
        scales_apart: the scales of an int8 matrix are multiplied in by an op of their own, for
            runtimes whose dense layer takes one scale a matrix.
        repeats: layers that share weights become one step that is run several times; else their
            ops are written out, and the engine packs the weights of each.
    """

    store_matrix: Callable[[Array], Stored]
    store_table: Callable[[Array], Stored]
    store_words: Callable[[Array], Stored] | None = None
    gathers_stored: bool = True
    scales_apart: bool = False
    repeats: bool = True

    @property
    def one_scale_a_table(self) -> bool:
        """Whether all tables are int8 with one scale."""
        return self.store_table is quantize_per_tensor and self.store_words is None

    def stored(self, weight: Array) -> Stored:
        """The matrix of a dense layer as `dense` takes it."""
        return weight if len(weight) <= SMALL_MATRIX else self.store_matrix(weight)

    def dense(self, graph: GraphOps[T], x: T, stored: Stored, bias: Array | None, name: str) -> T:
        """Rows x [m, in] times a stored weight [out, in], plus a bias [out]: [m, out]."""
        offset = None if bias is None else graph.constant(bias, f"{name}.bias")
        if isinstance(stored, Quantized) and self.scales_apart:
            whole = graph.constant(Quantized(stored.values, np.ones(1, np.float32)), name)
            product = graph.mul(graph.fully_connected(x, whole), graph.constant(stored.scale))
            return product if offset is None else graph.add(product, offset)
        matrix = graph.constant(stored, name)
        if not isinstance(stored, Quantized):
            matrix = graph.dequantize(matrix)
        return graph.fully_connected(x, matrix, offset)

    def stored_table(self, weight: Array, name: str) -> Stored:
        """A table as `table` takes it."""
        return ((name == WORD_TABLE and self.store_words) or self.store_table)(weight)

    def table(self, graph: GraphOps[T], stored: Stored, name: str) -> T:
        """The table as GATHER takes it; rows still need `Graph.dequantize`."""
        tensor = graph.constant(stored, name)
        return tensor if self.gathers_stored else graph.dequantize(tensor)

    def times_table(self, graph: GraphOps[T], x: T, table: T, bias: T | None) -> T:
        """Rows [m, E] times each row of a table [V, E], plus a bias [V]: [m, V]."""
        # A dense layer takes an integer table as it is, and no float16 one.
        whole = self.store_words is not None or self.store_table is quantize_per_tensor
        kept = table if whole else graph.dequantize(table)
        return graph.fully_connected(x, kept, bias)


def _float32(weight: Array) -> Array:
    return weight


def _float16(weight: Array) -> npt.NDArray[np.float16]:
    return weight.astype(np.float16)


INT8 = WeightStorage(quantize_per_row, quantize_per_tensor)
FLOAT16 = WeightStorage(_float16, _float16)
FLOAT32 = WeightStorage(_float32, _float32)


def with_int4_words(storage: WeightStorage) -> WeightStorage:
    """The same, but for the word table: int4 in blocks."""
    return replace(storage, store_words=quantize_table_to_int4)
