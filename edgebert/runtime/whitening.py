"""The space in which a classifier's hidden states are compared with labels that are taught."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

import numpy as np

from edgebert.arrays import Array
from edgebert.errors import EdgebertError
from edgebert.runtime.tasks.embed import to_length_one

if TYPE_CHECKING:
    from edgebert.model_file.teaching import Teaching

_LEVELS = 127


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
        self.lead = np.float32(teaching.lead)

    def point(self, hidden: Array) -> Array:
        """The point [H] of a hidden state [H]."""
        return to_length_one(np.asarray(self._matrix @ hidden - self._shift, np.float32))


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
