"""The scales that a model needs, from what calibration saw: no number is tuned by hand.

A BERT puts a few activations far above all others: [CLS] in one channel of MiniLM's third layer
reaches 195 where the typical number is 0.6. int8 has 256 steps for both, so the large ones are
brought down where that changes no answer: by row, since a layer norm does not see the scale of its
row, and by channel, since a matrix can take it back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from edgebert.arrays import Array
from edgebert.converter.full_integer.calibrate import Peaks
from edgebert.converter.full_integer.transforms import EMBEDDINGS, TWO_GROUPS

LEAST_ROW_SCALE = 1 / 64
"""int8 keeps 1 and this exactly in one constant."""


def sums(norm_names: list[str]) -> list[str]:
    """The sums that norms read, by their own names."""
    return [name.removesuffix(".norm") for name in norm_names]


def row_scales(peaks: Peaks, norm_names: list[str]) -> dict[str, float]:
    """For each norm the power of two that brings its sum's first row nearest to the largest other.

    Never above 1: a row that is small already would only lose by it.
    """
    found = {}
    for norm, name in zip(norm_names, sums(norm_names), strict=True):
        first, rest = (float(np.max(each.get(name, 0))) for each in (peaks.first, peaks.rest))
        if 0 < rest < first:
            found[norm] = max(2.0 ** round(math.log2(rest / first)), LEAST_ROW_SCALE)
    return {norm: scale for norm, scale in found.items() if scale != 1.0}


def channel_scales(
    peaks: Peaks,
    norm_names: list[str],
    rows: Mapping[str, float],
    *,
    first: bool,
    last: bool,
) -> dict[str, Array]:
    """For each norm s_j = max(1, a_j / median a, b_j / median b) of its output.

    a is the largest magnitude of the output in each channel, b that of the sum it goes into, which
    shares the scale; medians are over channels. The embeddings have max(1, b_j / median b), but no
    more than the variance of all channels in one sum allows.

    Args:
        peaks: of the outputs and of the sums.
        norm_names: in order.
        rows: row scales by norm.
        first: whether the embeddings may be scaled: their table is no output matrix.
        last: whether the last norm's output may be scaled: what reads it is a matrix.
    """
    found = {}
    if first:
        sum_ = _largest(peaks, EMBEDDINGS, rows.get(norm_names[0], 1.0))
        found[EMBEDDINGS] = np.minimum(_standing_out(sum_), np.float32(TWO_GROUPS))
    for at, norm in enumerate(norm_names):
        if at + 1 == len(norm_names):
            if not last:
                break
            following = None
        else:
            following = norm_names[at + 1]
        s = _standing_out(_largest(peaks, norm, 1.0))
        if following is not None:
            sum_ = _largest(peaks, following.removesuffix(".norm"), rows.get(following, 1.0))
            s = np.maximum(s, _standing_out(sum_))
        found[norm] = s
    return found


def large_units(peaks: Peaks, active_names: list[str]) -> dict[str, npt.NDArray[np.intp]]:
    """By block, the units of its feed-forward network that want a range of their own.

    Rounding makes a noise of the square of a range in each unit: as many of the largest units go
    apart as make the sum over both groups least, where that is less than half of what it was.

    Args:
        peaks: of the activations.
        active_names: of them, such as `layers.0.ffn.active`.
    """
    found = {}
    for name in active_names:
        reached = _largest(peaks, name, 1.0).astype(np.float64)
        order = np.argsort(-reached, kind="stable")
        squares = reached[order] ** 2
        apart = np.arange(len(order))
        noise = apart * squares[0] + (len(order) - apart) * squares
        count = int(noise.argmin())
        if noise[count] < noise[0] / 2:
            found[name.removesuffix(".active")] = np.sort(order[:count])
    return found


def _largest(peaks: Peaks, name: str, first: float) -> Array:
    """Largest magnitude in each channel, the first row scaled."""
    found: Array = np.maximum(peaks.first[name] * np.float32(first), peaks.rest.get(name, 0))
    return found


def _standing_out(largest: Array) -> Array:
    """How many times the median each is, where that is above 1."""
    median = np.median(largest)
    over: Array = np.maximum(1, largest / median if median > 0 else 1).astype(np.float32)
    return over


def mask_value(peaks: Peaks) -> float:
    """What to take from padding's scores: enough to hide the largest from the weakest row."""
    return float(np.ceil(peaks.scores - peaks.lowest_best + _HIDDEN))


_HIDDEN = 30.0
"""e to its negative is below what float32 can add to 1."""
