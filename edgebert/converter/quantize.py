"""Weights to int8: symmetric, from -127 to 127, with one scale a tensor or one a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebert.arrays import Array

LEVELS = 127
"""-128 is left out so that the range is symmetric, as TFLite demands of int8 weights."""

# Rows of one block: keeps temporaries small beside a table of 100 MB.
_BLOCK = 4096


@dataclass(frozen=True, eq=False)
class Quantized:
    """An integer tensor that stands for `values * scale`.

    Attributes:
        values: int8 (biases and constants of static graphs: up to int64), the shape of the weight.
        scale: float32 [1], or [rows] with one scale for each row.
    """

    values: npt.NDArray[np.signedinteger[Any]]
    scale: Array

    def dequantized(self) -> Array:
        """The float32 weight that the int8 one stands for."""
        whole: Array = self.values * self.scale.reshape(-1, *[1] * (self.values.ndim - 1))
        return whole


def quantize_per_tensor(weight: Array) -> Quantized:
    """One scale for the whole tensor."""
    return _quantize(weight, np.array([_largest(weight).max(initial=0.0)]))


def quantize_per_row(weight: Array) -> Quantized:
    """One scale for each row: for a matrix `[out, in]`, one for each output channel."""
    return _quantize(weight, _largest(weight))


def _largest(weight: Array) -> Array:
    """Largest magnitude in each row, without a copy of the whole tensor."""
    largest: Array = np.maximum(weight.max(axis=1), -weight.min(axis=1))
    return largest


def _quantize(weight: Array, largest: npt.NDArray[np.floating]) -> Quantized:
    # A row of zeros gets some positive scale: TFLite refuses 0, and any serves.
    scale = np.where(largest > 0, largest / LEVELS, 1.0).astype(np.float32)
    # A subnormal scale would overflow its inverse.
    scale = np.maximum(scale, np.finfo(np.float32).tiny)
    values = np.empty(weight.shape, np.int8)
    for start in range(0, len(weight), _BLOCK):
        rows = slice(start, start + _BLOCK)
        scaled = weight[rows] / (scale if len(scale) == 1 else scale[rows, None])
        np.rint(scaled, out=scaled)
        np.clip(scaled, -LEVELS, LEVELS, out=scaled)
        values[rows] = scaled
    return Quantized(values, scale)
