"""The space in which a classifier's hidden states are compared with labels that are taught."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

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


class Reach(NamedTuple):
    """How far a taught label reaches.

    Attributes:
        unseen: how little lead leaves each unseen text to the file's own labels: [N]; none: [0].
        outside: cosines with texts out of scope, where these scatter alike: [M]; none: [0].
        direction: the label's prototype there: [H]; without such texts [0].
    """

    unseen: Array
    outside: Array
    direction: Array


NO_REACH = Reach(*[np.empty(0, np.float32)] * 3)
"""Where there are no texts."""


class Outside:
    """The space in which texts out of scope scatter alike in all directions about their mean.

    Args:
        points: of them, of length 1 [N, H].
        may_take: how many of them taught labels may take.

    Raises:
        ValueError: they are all the same.
    """

    def __init__(self, points: Array, may_take: float) -> None:
        if not np.ptp(points, axis=0).any():
            raise ValueError
        self._mean = points.mean(axis=0)
        self._apart = points - self._mean
        self._may_take = may_take

    @cached_property
    def _root(self) -> Array:
        """Makes the covariance one, [H, H]; taken when a label is taught."""
        apart = self._apart.astype(np.float64)
        covariance = shrunk(apart.T @ apart / len(apart), len(apart))
        return np.asarray(np.linalg.inv(np.linalg.cholesky(covariance)), np.float32)

    @cached_property
    def _texts(self) -> Array:
        return to_length_one(self._apart @ self._root.T)

    def direction(self, point: Array) -> Array:
        """Of a point [H], in this space: [H]."""
        return to_length_one(self._root @ (point - self._mean))

    def cosines(self, direction: Array) -> Array:
        """With all of the texts: [N]."""
        return np.asarray(self._texts @ direction, np.float32)

    def bar(self, reaches: Sequence[Array]) -> float:
        """What an answer's cosine has to be above."""
        return _kth(reaches, self._may_take)


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
        self.outside = _outside(teaching, width)

    def point(self, hidden: Array) -> Array:
        """The point [H] of a hidden state [H]."""
        return to_length_one(np.asarray(self._matrix @ hidden - self._shift, np.float32))

    def near_own(self, point: Array) -> float:
        """How near a point is to the centres of the file's own labels, in nats."""
        return float(np.logaddexp.reduce(SHARPNESS * (self.centres @ point)))

    def reach(self, prototype: Array) -> Reach:
        """How far the label of a prototype [H] reaches."""
        unseen, outside, direction = NO_REACH
        if self._unseen is not None:
            unseen = np.asarray(self._points @ prototype - self._bars, np.float32)
        if self.outside is not None:
            direction = self.outside.direction(prototype)
            outside = self.outside.cosines(direction)
        return Reach(unseen, outside, direction)

    def lead(self, reaches: Sequence[Reach]) -> float:
        """How much the own labels count before taught ones, each of which has its reach."""
        if self._unseen is None:
            return self._lead
        return _kth([reach.unseen for reach in reaches], self._unseen.may_lose)

    def bar(self, reaches: Sequence[Reach]) -> float:
        """What the cosine of a taught label's text has to be above, among texts out of scope."""
        if self.outside is None:
            return -math.inf
        return self.outside.bar([reach.outside for reach in reaches])


def shrunk(covariance: Array, rows: int) -> Array:
    """A covariance [H, H] drawn towards equal variances, the more the fewer rows it is of."""
    width = len(covariance)
    spread = float(np.trace(covariance)) / width
    shrinkage = width / (width + rows)
    return np.asarray((1 - shrinkage) * covariance + shrinkage * spread * np.eye(width))


def _outside(teaching: Teaching, width: int) -> Outside | None:
    texts = teaching.outside
    if texts is None:
        return None
    count = len(texts.points) * 3 // 4 // width
    if not 0 <= texts.may_take <= count - 1:
        raise EdgebertError(
            f"damaged: {count} texts out of scope, of which {texts.may_take} may be taken"
        )
    try:
        return Outside(to_length_one(_levels(texts.points, count, width)), texts.may_take)
    except ValueError as error:
        raise EdgebertError("damaged: texts out of scope that are all the same") from error


def _kth(reaches: Sequence[Array], allowed: float) -> float:
    """What the farthest reach into all texts but so many does not exceed."""
    farthest = -np.sort(-np.max(reaches, axis=0))
    return float(np.interp(allowed, np.arange(len(farthest)), farthest))


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
