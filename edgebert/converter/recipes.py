"""How weights are stored in the file, by the name that users give: int8, float16 or float32."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from edgebert.arrays import Array
from edgebert.converter.full_integer.storage import IntegerName
from edgebert.converter.graph_ops import GraphOps, T
from edgebert.converter.quantize import Quantized, quantize_per_row, quantize_per_tensor
from edgebert.model_file.record import Quantization

RecipeName: TypeAlias = Literal["int8", "float16", "float32", "int8-full", "int16x8"]
RuntimeName: TypeAlias = Literal["litert", "litert-2.2", "tflite-runtime"]
Stored: TypeAlias = "Array | npt.NDArray[np.float16] | Quantized"


SMALL_MATRIX = 16
"""Matrices of at most so many rows, those of most heads, stay float32: as int8 they would save a
few kilobytes and add their error to every answer."""


@dataclass(frozen=True)
class Recipe:
    """How the two kinds of large weights are stored; biases and norms are always float32.

    Attributes:
        name: as users give it.
        store_matrix: for the matrix of a dense layer, [out, in].
        store_table: for embeddings, read by row.
        gathers_stored: rows are read as stored and converted after; else the table is converted
            whole when the model is loaded, which costs its float32 size in memory.
        scales_apart: the scales of an int8 matrix are multiplied in by an op of their own, for
            runtimes whose dense layer takes one scale a matrix.
        repeats: layers that share weights become one step that is run several times; else their
            ops are written out, and the engine packs the weights of each.
        float16_steps: the file allows what stands between the matrices to run in float16, where an
            ARM processor has that. LiteRT before 2.2 refuses such a file on such a processor.
        matrices: what the record says of the matrices.
        tables: what the record says of the tables.
    """

    name: RecipeName
    store_matrix: Callable[[Array], Stored]
    store_table: Callable[[Array], Stored]
    gathers_stored: bool
    scales_apart: bool
    repeats: bool
    matrices: str
    tables: str
    float16_steps: bool = False

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

    def table(self, graph: GraphOps[T], weight: Array, name: str) -> T:
        """The table as GATHER takes it; rows still need `Graph.dequantize`."""
        tensor = graph.constant(self.store_table(weight), name)
        return tensor if self.gathers_stored else graph.dequantize(tensor)

    def times_table(self, graph: GraphOps[T], x: T, table: T, bias: T | None) -> T:
        """Rows [m, E] times each row of a table [V, E], plus a bias [V]: [m, V]."""
        # A dense layer takes an int8 table as it is, and no float16 one.
        kept = table if self.store_table is quantize_per_tensor else graph.dequantize(table)
        return graph.fully_connected(x, kept, bias)

    @property
    def quantization(self) -> Quantization:
        """What the record says."""
        activations = "int8 per token, while running" if self.name == "int8" else "float32"
        if self.float16_steps:
            activations += "; between matrices float16 on ARM that has it, by LiteRT 2.2 or later"
        return Quantization(self.name, self.matrices, self.tables, activations)


def _float32(weight: Array) -> Array:
    return weight


def _float16(weight: Array) -> npt.NDArray[np.float16]:
    return weight.astype(np.float16)


@dataclass(frozen=True)
class IntegerRecipe:
    """A file without floating point, in which every value has a range of its own.

    Attributes:
        name: as users give it.
        activations: type of the computed values.
    """

    name: RecipeName
    activations: IntegerName

    @property
    def quantization(self) -> Quantization:
        """What the record says."""
        activations = f"{self.activations}, one scale a value, from calibration"
        return Quantization(self.name, _INT8.matrices, _INT8.tables, activations)


_INT8 = Recipe(
    "int8",
    quantize_per_row,
    quantize_per_tensor,
    gathers_stored=True,
    scales_apart=False,
    repeats=True,
    matrices="int8, one scale an output channel",
    tables="int8, one scale a table",
)
_FLOAT16 = Recipe(
    "float16",
    _float16,
    _float16,
    gathers_stored=True,
    scales_apart=False,
    repeats=True,
    matrices="float16",
    tables="float16",
)
FLOAT32 = Recipe(
    "float32",
    _float32,
    _float32,
    gathers_stored=True,
    scales_apart=False,
    repeats=True,
    matrices="float32",
    tables="float32",
)

_INT8_FULL = IntegerRecipe("int8-full", "int8")
_INT16X8 = IntegerRecipe("int16x8", "int16")

RECIPES: Mapping[tuple[RecipeName, RuntimeName], Recipe | IntegerRecipe] = MappingProxyType(
    {
        ("int8", "litert"): _INT8,
        ("float16", "litert"): _FLOAT16,
        ("float32", "litert"): FLOAT32,
        ("int8-full", "litert"): _INT8_FULL,
        ("int16x8", "litert"): _INT16X8,
        ("int8", "litert-2.2"): replace(_INT8, float16_steps=True),
        # TFLite before 2.17 has no dense layer with one scale a channel, and before 2.20 (which is
        # LiteRT 1.3) it cannot gather float16. The XNNPACK of 2.14 cannot resize what is repeated.
        ("int8", "tflite-runtime"): replace(_INT8, scales_apart=True, repeats=False),
        ("float16", "tflite-runtime"): replace(_FLOAT16, gathers_stored=False, repeats=False),
        ("float32", "tflite-runtime"): replace(FLOAT32, repeats=False),
        # What is static in int8 has been in TFLite for longer.
        ("int8-full", "tflite-runtime"): _INT8_FULL,
        ("int16x8", "tflite-runtime"): _INT16X8,
    }
)
