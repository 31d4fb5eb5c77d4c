"""Weights to int8 and int4: symmetric, with one scale a tensor, a row or a block of a row."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
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
        scale: float32 [1], or [rows] with one scale for each row, or [rows, columns / block] with
            one for each `block` numbers of a row, which then are float16 in the file.
        bits: 4 for values from -8 to 7, two of which are kept in a byte.
    """

    values: npt.NDArray[np.signedinteger[Any]]
    scale: Array
    bits: int = 8

    @property
    def block(self) -> int | None:
        """How many numbers of a row have one scale, where a row has several."""
        return None if self.scale.ndim == 1 else self.values.shape[1] // self.scale.shape[1]

    @cached_property
    def kept(self) -> npt.NDArray[Any]:
        """The values as a file keeps them: of two int4 the first is in the lower half."""
        if self.bits == 8:
            return self.values
        flat = self.values.reshape(-1).view(np.uint8) & 0xF
        flat = np.append(flat, np.zeros(len(flat) % 2, np.uint8))
        return flat[0::2] | flat[1::2] << 4

    def dequantized(self) -> Array:
        """The float32 weight that the integers stand for."""
        if self.block is None:
            scale = self.scale.reshape(-1, *[1] * (self.values.ndim - 1))
        else:
            scale = np.repeat(self.scale, self.block, axis=1)
        whole: Array = self.values * scale
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


LOWEST_INT4, HIGHEST_INT4 = -8, 7

_SHRUNK = np.linspace(0.5, 1.1, 25, dtype=np.float32)
"""Scales that are tried, as shares of the one that just holds the largest number. Rounding to
sixteen levels loses less if the largest numbers of a row are cut off a little."""


TABLE_BLOCK = 64
"""Numbers of a row of a table that share a scale. MiniLM's then loses 0.77 of the squares that one
scale a row loses, for as many bytes, since that has a zero point beside it; of a 2/128's, 0.88."""

_LEAST_BLOCK = 32
"""XNNPACK's kernels take no smaller ones."""


def quantize_table_to_int4(weight: Array) -> Quantized:
    """One scale for `TABLE_BLOCK` numbers of a row, or for as many as divide it; else for a row.

    Each is the one by which its numbers lose least in squares.
    """
    width = weight.shape[1]
    block = math.gcd(width, TABLE_BLOCK)
    if block < _LEAST_BLOCK:
        return _parts_to_int4(weight, np.float32)
    parts = _parts_to_int4(weight.reshape(-1, block), np.float16)
    return Quantized(parts.values.reshape(-1, width), parts.scale.reshape(len(weight), -1), bits=4)


def _parts_to_int4(parts: Array, kept: type[np.float16] | type[np.float32]) -> Quantized:
    """One scale a row, which the file keeps in that type."""
    values = np.empty(parts.shape, np.int8)
    scale = np.empty(len(parts), np.float32)
    for start in range(0, len(parts), _BLOCK):
        rows = slice(start, start + _BLOCK)
        scale[rows] = best_int4_scale(parts[rows], kept=kept)
        values[rows] = round_to_int4(parts[rows], scale[rows, None])
    return Quantized(values, scale, bits=4)


def best_int4_scale(
    weight: Array,
    importance: Array | None = None,
    kept: type[np.float16] | type[np.float32] = np.float32,
) -> Array:
    """For each row the scale by which it loses least in squares: [rows].

    Args:
        weight: [rows, columns].
        importance: of each column's error, [columns]; None: all alike.
        kept: type in which the file keeps the scales.
    """
    limits = np.finfo(kept)
    best = np.full(len(weight), np.inf)
    chosen = np.ones(len(weight), np.float32)
    for share in _SHRUNK:
        exact = _largest(weight) / HIGHEST_INT4 * share
        scale = np.clip(exact, limits.tiny, limits.max).astype(kept).astype(np.float32)
        left = round_to_int4(weight, scale[:, None]) * scale[:, None] - weight
        error = np.square(left, dtype=np.float64)
        loss = error.sum(axis=1) if importance is None else error @ importance
        better = loss < best
        best[better], chosen[better] = loss[better], scale[better]
    return chosen


def round_to_int4(weight: Array, scale: Array) -> npt.NDArray[np.int8]:
    """The nearest of the sixteen levels."""
    levels: npt.NDArray[np.int8] = np.empty(weight.shape, np.int8)
    levels[...] = np.clip(np.rint(weight / scale), LOWEST_INT4, HIGHEST_INT4)
    return levels
