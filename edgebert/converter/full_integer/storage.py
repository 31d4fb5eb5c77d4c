"""From the range of a value to the integers that keep it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np

from edgebert.arrays import Array
from edgebert.converter.graph import REAL, Storage
from edgebert.converter.quantize import LEVELS, Quantized

IntegerName: TypeAlias = Literal["int8", "int16"]
Kind: TypeAlias = Literal["int8", "int16", "float32"]
Range: TypeAlias = tuple[float, float]

_INT16_LEVELS = 32_767

_LEAST_WIDTH = 1e-6
"""Of a range: a value that is always 0 still needs a scale."""

# What TFLite's kernels fix for the outputs of these ops.
_FIXED: Mapping[str, Mapping[IntegerName, tuple[float, int]]] = MappingProxyType(
    {
        "softmax": {"int8": (1 / 256, -128), "int16": (1 / 32_768, 0)},
        "logistic": {"int8": (1 / 256, -128), "int16": (1 / 32_768, 0)},
        "tanh": {"int8": (1 / 128, 0), "int16": (1 / 32_768, 0)},
    }
)


@dataclass(frozen=True)
class StoragePlan:
    """How each value of a graph is kept.

    Attributes:
        ranges: least and largest number of each value by name.
        activations: type of values that `kinds` does not name.
        kinds: types of the values that have another.
    """

    ranges: Mapping[str, Range]
    activations: IntegerName = "int8"
    kinds: Mapping[str, Kind] = field(default_factory=lambda: MappingProxyType({}))

    def named(self, kind: Kind) -> tuple[str, ...]:
        """The values that are of one type unlike the rest, by name."""
        return tuple(sorted(name for name, of in self.kinds.items() if of == kind))

    def storage(
        self, name: str, op: str = "", kind: Kind | None = None, least: float = 0.0
    ) -> Storage:
        """How a value is kept.

        Args:
            name: of the value.
            op: that computes it.
            kind: None: its own type.
            least: that its step must be.
        """
        kind = kind or self.kinds.get(name, self.activations)
        if kind == "float32":
            return REAL
        return fixed(op, kind) if op in _FIXED else storage_of(self.ranges[name], kind, least)


def representable_range(storage: Storage) -> Range:
    """The least and the largest number that a storage can keep."""
    kind = np.iinfo(storage.dtype)
    low, high = (storage.step * (int(end) - storage.zero_point) for end in (kind.min, kind.max))
    return low, high


def mean_step(kind: IntegerName) -> float:
    """What the weights of a mean over tokens, a softmax, are multiples of."""
    return fixed("softmax", kind).step


def largest_mean(length: int, kind: IntegerName) -> float:
    """How many times the mean over tokens can become, since its weights 1 / n are rounded."""
    step = mean_step(kind)
    return max(float(np.rint(1 / (n * step))) * step * n for n in range(1, length + 1))


def fixed(op: str, kind: IntegerName) -> Storage:
    """How the output of softmax, logistic or tanh must be kept."""
    scale, zero_point = _FIXED[op][kind]
    return Storage(np.dtype(kind), scale, zero_point)


def widened(storage: Storage) -> Storage:
    """int16 that keeps every number of an int8 storage exactly."""
    return Storage(np.dtype(np.int16), _single(storage.step / 128))


def storage_of(span: Range, kind: IntegerName, least: float = 0.0) -> Storage:
    """The finest storage for numbers from `span[0]` to `span[1]`; 0 is always kept exactly.

    Its step is at least `least`.

    int8 takes any range; int16 is symmetric, as TFLite's kernels demand.
    """
    low, high = min(span[0], 0.0), max(span[1], 0.0)
    if kind == "int16":
        largest = max(-low, high, _LEAST_WIDTH)
        return Storage(np.dtype(np.int16), _single(max(largest / _INT16_LEVELS, least)))
    scale = _single(max((high - low) / 255, _LEAST_WIDTH / 255, least))
    return Storage(np.dtype(np.int8), scale, int(np.clip(round(-128 - low / scale), -128, 127)))


def constant_of(values: Array, kind: IntegerName, least: float = 0.0) -> Quantized:
    """A constant of an element-wise op: symmetric, one scale; powers of two stay exact.

    Its step is at least `least`.
    """
    levels = LEVELS if kind == "int8" else _INT16_LEVELS
    if np.isin(np.abs(np.frexp(values)[0]), (0, 0.5)).all():
        levels = (levels + 1) // 2
    largest = max(float(np.abs(values).max(initial=0.0)), _LEAST_WIDTH)
    scale = np.array([max(largest / levels, least)], np.float32)
    return Quantized(np.rint(values / scale).clip(-levels, levels).astype(kind), scale)


def bias_of(bias: Array, x: Storage, matrix: Quantized) -> Quantized:
    """A bias [out] in the units of the sum it is added to: int32 under int8, int64 under int16."""
    scale = (np.float64(x.step) * matrix.scale).astype(np.float32)
    whole = np.dtype(np.int32 if x.dtype == np.int8 else np.int64)
    most = np.iinfo(np.int32).max
    values = np.rint(bias.astype(np.float64) / scale.astype(np.float64)).clip(-most, most)
    return Quantized(values.astype(whole), scale)


def _single(number: float) -> float:
    """As it is kept in the file."""
    return float(np.float32(number))
