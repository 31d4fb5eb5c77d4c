"""A shuffle of any number of things that takes no memory: a Feistel network walked in cycles.

Where the n-th of them goes is computed, not looked up (Black and Rogaway 2002, "Ciphers with
arbitrary finite domains"). So a pass over billions of inputs can begin at any step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_ROUNDS = 4
_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: spreads neighbours
_HALF = np.uint64(32)

Numbers = npt.NDArray[np.uint64]


class Permutation:
    """A permutation of 0 … count - 1.

    Args:
        count: at least 1.
        seed: numbers that choose the permutation.
    """

    def __init__(self, count: int, seed: tuple[int, ...]) -> None:
        self._count = np.uint64(count)
        self._bits = np.uint64(max(1, -(-(count - 1).bit_length() // 2)))
        self._low = np.uint64((1 << int(self._bits)) - 1)
        self._keys = np.random.default_rng(seed).integers(0, 1 << 63, _ROUNDS, np.uint64)

    def __call__(self, numbers: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Where each of some numbers goes."""
        found = self._mixed(numbers.astype(np.uint64))
        while (outside := found >= self._count).any():
            found[outside] = self._mixed(found[outside])
        return found.astype(np.int64)

    def _mixed(self, numbers: Numbers) -> Numbers:
        left, right = numbers >> self._bits, numbers & self._low
        for key in self._keys:
            left, right = right, left ^ (self._scattered(right ^ key) & self._low)
        return (left << self._bits) | right

    def _scattered(self, numbers: Numbers) -> Numbers:
        with np.errstate(over="ignore"):
            product = numbers * _ODD
            return ((product ^ (product >> _HALF)) * _ODD) >> _HALF
