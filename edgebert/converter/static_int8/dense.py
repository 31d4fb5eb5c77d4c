"""How one dense layer is computed in int8 with fixed ranges."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np

from edgebert.arrays import Array
from edgebert.converter.graph import Storage
from edgebert.converter.quantize import Quantized, quantize_per_row
from edgebert.converter.static_int8.observe import ObservedDense

Role: TypeAlias = Literal["projection", "activated", "residual"]
"""What becomes of a layer's result: queries, keys or values; an activation; a residual sum."""

SMOOTHING = 0.7
"""How much of a channel's reach goes into the weights that read it (alpha of SmoothQuant, Xiao et
al. 2022, arXiv 2211.10438). Of 0.5, 0.7 and 0.85 MiniLM answered alike."""

_UNEVEN = 8.0
"""How many times the median channel's reach the largest has to be for a scale a channel: that
costs an op. The last sums of a layer have channels of a hundred times."""

_GELU_IS_ZERO_BELOW = -4.0
_LEVELS = 255
_LEAST = 1e-4


@dataclass(frozen=True)
class StaticDense:
    """A dense layer between QUANTIZE and DEQUANTIZE.

    Attributes:
        matrix: one scale a row.
        bias: in the scale of the products.
        reads: how what is multiplied is kept.
        gives: how the result is kept.
        smoothing: what the channels that are read are multiplied with first [in]; None: nothing.
        channel_scales: what the result is multiplied with [out]; None: nothing.
    """

    matrix: Quantized
    bias: Quantized
    reads: Storage
    gives: Storage
    smoothing: Array | None = None
    channel_scales: Array | None = None

    @cached_property
    def dynamic_matrix(self) -> Quantized:
        """The matrix of the same layer where it is dynamic: its result needs no scales."""
        if self.channel_scales is None:
            return self.matrix
        return Quantized(self.matrix.values, self.matrix.scale * self.channel_scales)


def role_of(name: str) -> Role:
    """What becomes of the result of a layer, by its name."""
    if name.endswith("output"):
        return "residual"
    return "activated" if name.endswith(".intermediate") else "projection"


def static_dense(seen: ObservedDense, role: Role) -> StaticDense:
    """Chooses the scales of a dense layer, by what becomes of its result."""
    weight, (low, high) = seen.weight, seen.reads
    offset = np.zeros(len(weight), np.float32) if seen.bias is None else seen.bias
    smoothing = channel_scales = None
    if role != "residual":
        smoothing = _smoothing(weight, low, high)
        weight, low, high = weight / smoothing, low * smoothing, high * smoothing
    reads = storage(float(low.min()), float(high.max()))
    least, most = float(seen.gives[0].min()), float(seen.gives[1].max())
    if role == "activated":
        least = max(least, _GELU_IS_ZERO_BELOW)
    reach = seen.reach.clip(_LEAST)
    if role == "residual" and reach.max() > _UNEVEN * np.median(reach):
        channel_scales = reach.astype(np.float32)
        weight, offset = weight / channel_scales[:, None], offset / channel_scales
        least, most = -1.0, 1.0
    matrix = quantize_per_row(weight.astype(np.float32))
    return StaticDense(
        matrix,
        _quantized_bias(offset, matrix.scale * np.float32(reads.step)),
        reads,
        storage(least, most),
        smoothing,
        channel_scales,
    )


def _smoothing(weight: Array, low: Array, high: Array) -> Array:
    """Factors of the channels that are read, the geometric mean of which is 1."""
    reach = np.maximum(np.abs(low), np.abs(high)).astype(np.float64) + _LEAST
    largest = np.abs(weight).max(axis=0).astype(np.float64) + _LEAST
    factor = largest ** (1 - SMOOTHING) / reach**SMOOTHING
    smoothing: Array = (factor / np.exp(np.log(factor).mean())).astype(np.float32)
    return smoothing


def _quantized_bias(bias: Array, scale: Array) -> Quantized:
    # A subnormal scale would make the division overflow.
    scale = np.maximum(scale, np.finfo(np.float32).tiny)
    most = np.iinfo(np.int32).max
    values = np.rint(bias.astype(np.float64) / scale).clip(-most, most)
    return Quantized(values.astype(np.int32), scale.astype(np.float32))


def storage(low: float, high: float) -> Storage:
    """int8 for numbers from low to high; 0 is always among them, and kept exactly."""
    low, high = min(low, 0.0), max(high, 0.0)
    step = float(np.float32(max(high - low, _LEAST) / _LEVELS))
    return Storage(np.dtype(np.int8), step, round(-128 - low / step))
