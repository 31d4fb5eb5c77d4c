"""One axis of a chart: its range, whether it is logarithmic, and its ticks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

_STEPS = (1, 2, 5)
_MOST_TICKS = 6
_LOG_FROM = 8.0
_MARGIN = 0.09


@dataclass(frozen=True)
class Axis:
    """A range of values and where each lies in it.

    Attributes:
        title: what is shown, with its unit.
        low: value at the start.
        high: value at the end; more than `low`.
        logarithmic: equal ratios are equally long.
        ticks: values to mark, between the two.
    """

    title: str
    low: float
    high: float
    logarithmic: bool
    ticks: tuple[float, ...]

    @classmethod
    def over(cls, title: str, values: Sequence[float], *, from_zero: bool = False) -> Axis:
        """An axis that shows all values with a little room around them.

        It is logarithmic where the largest value is more than eight times the smallest, unless it
        has to begin at zero.

        Args:
            title: what is shown, with its unit.
            values: finite, at least one.
            from_zero: linear from 0; for bars, whose length is what people compare.
        """
        least, most = min(values), max(values)
        if from_zero or least <= 0 or most <= _LOG_FROM * least:
            low, high = _room(least, most, from_zero)
            return cls(title, low, high, False, _linear_ticks(low, high))
        margin = (most / least) ** _MARGIN
        low, high = least / margin, most * margin
        return cls(title, low, high, True, _log_ticks(low, high))

    def share(self, value: float) -> float:
        """Where `value` lies: 0 at `low`, 1 at `high`."""
        if self.logarithmic:
            return log10(value / self.low) / log10(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def _room(least: float, most: float, from_zero: bool) -> tuple[float, float]:
    if from_zero:
        return 0.0, most * (1 + _MARGIN) or 1.0
    span = (most - least) or abs(most) / 2 or 1.0
    low = least - _MARGIN * span
    return (max(low, 0.0) if least >= 0 else low), most + _MARGIN * span


def _linear_ticks(low: float, high: float) -> tuple[float, ...]:
    rough = (high - low) / _MOST_TICKS
    power = 10.0 ** floor(log10(rough))
    step = next(s * power for s in (*_STEPS, 10) if s * power >= rough * (1 - 1e-9))
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return tuple(index * step for index in range(first, last + 1))


def _log_ticks(low: float, high: float) -> tuple[float, ...]:
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    for steps in (_STEPS, (1, 3), (1,)):
        ticks = [s * 10.0**p for p in powers for s in steps if low <= s * 10.0**p <= high]
        if len(ticks) <= _MOST_TICKS:
            return tuple(ticks)
    return tuple(ticks[:: ceil(len(ticks) / _MOST_TICKS)])
