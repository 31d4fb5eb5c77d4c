"""Whether the numbers of a report can be true; a report may come from anywhere."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any

from edgebert.benchmarking.result import BenchmarkReport, DeviceResult, Samples
from edgebert.errors import EdgebertError

_MOST_RUNS = 20_000
_LARGEST = 1e15  # a petabyte, or thirty years in microseconds
_MAY_BE_NEGATIVE = frozenset(
    {"value", "low", "temperature_c", "temperature_c_before", "temperature_c_after"}
)


def validate(report: BenchmarkReport) -> None:
    """Refuses numbers that no device can have measured.

    Raises:
        EdgebertError: a number is not finite, too large, or negative where nothing can be; an
            interval does not hold its ratio; there is no run, or there are too many.
    """
    runs = sum(len(device.runs) for device in report.devices)
    if not runs:
        raise EdgebertError("benchmark report: holds no run; nothing to show")
    if runs > _MOST_RUNS:
        raise EdgebertError(f"benchmark report: {runs:,} runs; at most {_MOST_RUNS:,} are read")
    for number, device in enumerate(report.devices):
        validate_device(device, f"devices[{number}]")


def validate_device(device: DeviceResult, where: str = "device") -> None:
    """The same for one device, which may hold no run.

    Raises:
        EdgebertError: as `validate`.
    """
    _check(device, where, "")
    _check_ratios(device)


def _check(value: Any, where: str, name: str) -> None:
    """Goes through all fields and looks at the numbers."""
    if isinstance(value, Samples):
        _check_samples(value, where)
    elif is_dataclass(value):
        for each in fields(value):
            _check(getattr(value, each.name), f"{where}.{each.name}", each.name)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            _check(item, f"{where}[{index}]", name)
    elif isinstance(value, (int, float)) and not _possible(value, name):
        raise EdgebertError(
            f"benchmark report: {where} is {str(value)[:20]}; no device measures that"
        )


def _check_samples(samples: Samples, where: str) -> None:
    import numpy as np

    for each in fields(samples):
        values = np.asarray(getattr(samples, each.name), np.float64)
        good = (values >= 0) & (values <= _LARGEST)  # False for NaN as well
        if not good.all():
            at = int(np.argmin(good))
            raise EdgebertError(
                f"benchmark report: {where}.{each.name}[{at}] is {values[at]:g}; no device "
                "measures that"
            )


def _check_ratios(device: DeviceResult) -> None:
    for ratio in device.ratios:
        if not (0 < ratio.low <= ratio.high and ratio.ratio > 0):
            raise EdgebertError(
                f"benchmark report: a ratio of {ratio.ratio:g} from {ratio.low:g} to "
                f"{ratio.high:g}; all must be more than 0, and the second no more than the third"
            )


def _possible(value: float, name: str) -> bool:
    least = -_LARGEST if name in _MAY_BE_NEGATIVE else 0
    return least <= value <= _LARGEST and isfinite(value)
