"""Measures what integers cost: every value of the integer graph beside the same one in float32."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebert.converter.full_integer.calibrate import real
from edgebert.converter.full_integer.emitter import Value
from edgebert.converter.full_integer.observer import Activations
from edgebert.converter.full_integer.quality import StepQuality, ValueQuality
from edgebert.converter.full_integer.storage import Range, StoragePlan


@dataclass
class _Sums:
    """Of two values over all texts."""

    both: float = 0.0
    reference: float = 0.0
    quantized: float = 0.0
    numbers: int = 0
    saturated: int = 0

    @property
    def cosine(self) -> float:
        if self.reference == self.quantized == 0.0:
            return 1.0
        return self.both / float(np.sqrt(self.reference * self.quantized) or 1.0)


def measure(
    step: str,
    values: Sequence[Value],
    plan: StoragePlan,
    reference: Iterable[Activations],
    quantized: Iterable[Activations],
) -> StepQuality:
    """Compares two runs over the same texts.

    Args:
        step: its name.
        values: of the integer graph, in order.
        plan: it was built with.
        reference: what the float graph computed.
        quantized: what the integer graph computed, text by text in the same order.
    """
    sums = {value.name: _Sums() for value in values}
    outputs = []
    for one, other in zip(reference, quantized, strict=True):
        for value in values:
            _add(sums[value.name], real(value, one), real(value, other), value)
        last = values[-1]
        outputs.append(_cosine(real(last, one), _numbers(real(last, other), last)))
    return StepQuality(
        step=step,
        cosine=float(np.mean(outputs)),
        lowest_cosine=min(outputs),
        values=tuple(_quality(value, plan, sums[value.name]) for value in values),
    )


def _add(
    sums: _Sums, reference: npt.NDArray[Any], quantized: npt.NDArray[Any], value: Value
) -> None:
    a = reference.reshape(-1).astype(np.float64)
    step, (low, high) = value.tensor.storage.step, _range_of(value)
    sums.numbers += a.size
    sums.saturated += int(np.count_nonzero((a < low - step) | (a > high + step)))
    b = _numbers(quantized, value).reshape(-1)
    sums.both += float(a @ b)
    sums.reference += float(a @ a)
    sums.quantized += float(b @ b)


def _numbers(quantized: npt.NDArray[Any], value: Value) -> npt.NDArray[np.float64]:
    """What the integers stand for."""
    storage = value.tensor.storage
    numbers: npt.NDArray[np.float64] = (
        quantized.astype(np.float64) - storage.zero_point
    ) * storage.step
    return numbers


def _cosine(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> float:
    x, y = a.reshape(-1).astype(np.float64), b.reshape(-1).astype(np.float64)
    lengths = float(np.linalg.norm(x) * np.linalg.norm(y))
    return float(x @ y) / lengths if lengths else float(x.any() == y.any())


def _quality(value: Value, plan: StoragePlan, sums: _Sums) -> ValueQuality:
    storage = value.tensor.storage
    low, high = plan.ranges.get(value.name, _range_of(value))
    return ValueQuality(
        name=value.name,
        op=value.op.upper(),
        dtype=storage.dtype.name,
        scale=storage.step,
        zero_point=storage.zero_point,
        minimum=low,
        maximum=high,
        cosine=sums.cosine,
        saturated=sums.saturated / sums.numbers,
    )


def _range_of(value: Value) -> Range:
    """What the storage of a value can hold."""
    storage = value.tensor.storage
    if storage.scale is None:
        return -np.inf, np.inf
    ends = np.iinfo(storage.dtype)
    return (
        (int(ends.min) - storage.zero_point) * storage.step,
        (int(ends.max) - storage.zero_point) * storage.step,
    )
