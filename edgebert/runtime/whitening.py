"""The space in which a classifier's hidden states are compared with labels that are taught."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgebert.arrays import Array
from edgebert.errors import EdgebertError
from edgebert.runtime.tasks.embed import to_length_one

if TYPE_CHECKING:
    from edgebert.model_file.teaching import Teaching

_LEVELS = 127

SHARPNESS = np.float32(20)
"""A score is the softmax of cosines times it: the likeliest on BANKING77, of 3 to 10 texts a label
(docs/abstaining.md)."""


class Whitening:
    """From hidden states to points of length 1, and the centres of the file's own labels there.

    Args:
        teaching: of the record, which may come from anywhere.
        labels: how many the file has.
        width: of a hidden state.

    Raises:
        EdgebertError: it does not fit.
    """

    def __init__(self, teaching: Teaching, labels: int, width: int) -> None:
        scales: Array = np.array(teaching.scales, np.float32)
        self._shift: Array = np.array(teaching.shift, np.float32)
        if scales.shape != (width,) or self._shift.shape != (width,):
            raise EdgebertError(f"damaged: what is for teaching is not {width} wide")
        self._matrix = _levels(teaching.matrix, width, width) * scales[:, None]
        self.centres = to_length_one(_levels(teaching.centres, labels, width))
        self._lead, self._unseen = teaching.lead, teaching.unseen
        if self._unseen is not None:
            self._bars: Array = np.array(self._unseen.bars, np.float32)
            if not 0 <= self._unseen.may_lose <= len(self._bars) - 1:
                lost = f"of which {self._unseen.may_lose} may be lost"
                raise EdgebertError(f"damaged: {len(self._bars)} unseen texts, {lost}")
            rows = _levels(self._unseen.points, len(self._bars), width)
            self._points = SHARPNESS * to_length_one(rows)

    def point(self, hidden: Array) -> Array:
        """The point [H] of a hidden state [H]."""
        return to_length_one(np.asarray(self._matrix @ hidden - self._shift, np.float32))

    def near_own(self, point: Array) -> float:
        """How near a point is to the centres of the file's own labels, in nats."""
        return float(np.logaddexp.reduce(SHARPNESS * (self.centres @ point)))

    def reach(self, prototype: Array) -> Array:
        """How little lead leaves each unseen text to the file's own labels: [N]; none: [0]."""
        if self._unseen is None:
            return np.empty(0, np.float32)
        return np.asarray(self._points @ prototype - self._bars, np.float32)

    def lead(self, reaches: Sequence[Array]) -> float:
        """How much the own labels count before taught ones, each of which has its reach."""
        if self._unseen is None:
            return self._lead
        farthest = -np.sort(-np.max(reaches, axis=0))
        return float(np.interp(self._unseen.may_lose, np.arange(len(farthest)), farthest))


def levels_of(rows: Array) -> tuple[str, Array]:
    """Rows [n, H] as base64 of int8, and the scale of each [n]."""
    scales = np.maximum(np.abs(rows).max(axis=1), np.finfo(np.float32).tiny) / _LEVELS
    levels = np.rint(rows / scales[:, None]).astype(np.int8)
    return base64.b64encode(levels.tobytes()).decode(), scales


def _levels(text: str, rows: int, columns: int) -> Array:
    try:
        found = np.frombuffer(base64.b64decode(text, validate=True), np.int8)
    except (binascii.Error, ValueError):
        found = np.empty(0, np.int8)
    if found.size != rows * columns:
        raise EdgebertError(f"damaged: what is for teaching is not int8 [{rows}, {columns}]")
    return np.asarray(found.reshape(rows, columns), np.float32)
