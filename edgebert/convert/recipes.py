"""How weights are stored in the file, by the name that users give: int8, float16 or float32."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from edgebert.bert.weights import Array
from edgebert.convert.graph import Graph, Tensor
from edgebert.convert.quantize import Quantized, quantize_per_row, quantize_per_tensor

RecipeName: TypeAlias = Literal["int8", "float16", "float32"]
RuntimeName: TypeAlias = Literal["litert", "tflite-runtime"]
Stored: TypeAlias = Array | npt.NDArray[np.float16] | Quantized


@dataclass(frozen=True)
class Recipe:
    """How the two kinds of large weights are stored; biases and norms are always float32.

    Attributes:
        matrix: of a dense layer, [out, in].
        table: of embeddings, read by row.
    """

    name: RecipeName
    store_matrix: Callable[[Array], Stored]
    store_table: Callable[[Array], Stored]

    def matrix(self, graph: Graph, weight: Array, name: str) -> Tensor:
        """The matrix as FULLY_CONNECTED takes it."""
        tensor = graph.constant(self.store_matrix(weight), name)
        return tensor if tensor.scale is not None else graph.dequantize(tensor)

    def table(self, graph: Graph, weight: Array, name: str) -> Tensor:
        """The table as GATHER takes it; rows still need `Graph.dequantize`."""
        return graph.constant(self.store_table(weight), name)


def _float32(weight: Array) -> Array:
    return weight


def _float16(weight: Array) -> npt.NDArray[np.float16]:
    return weight.astype(np.float16)


RECIPES: Mapping[tuple[RecipeName, RuntimeName], Recipe] = MappingProxyType(
    {
        ("int8", "litert"): Recipe("int8", quantize_per_row, quantize_per_tensor),
        ("int8", "tflite-runtime"): Recipe("int8", quantize_per_tensor, quantize_per_tensor),
        ("float16", "litert"): Recipe("float16", _float16, _float16),
        ("float16", "tflite-runtime"): Recipe("float16", _float16, _float16),
        ("float32", "litert"): Recipe("float32", _float32, _float32),
        ("float32", "tflite-runtime"): Recipe("float32", _float32, _float32),
    }
)
