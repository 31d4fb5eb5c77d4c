"""In which order examples are seen: a function of seed and epoch, so that any step is found again.

Examples of like length share a batch, which saves most of the padding: shuffled examples are cut
into pools, each pool is sorted by length and cut into batches, and the batches are shuffled.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.intp]
"""Numbers of examples."""

_POOL = 32  # batches; the smaller, the more random and the more padding


class Order:
    """The batches of every step.

    Args:
        lengths: of the examples, in tokens.
        batch_size: examples a batch; the smallest batch of an epoch may have fewer.
        seed: of the run.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int) -> None:
        self._lengths = np.asarray(lengths)
        self._size = batch_size
        self._seed = seed
        self._epoch = lru_cache(maxsize=1)(self._batches)

    @property
    def steps_per_epoch(self) -> int:
        """Batches that show every example once."""
        return -(-len(self._lengths) // self._size)

    def batch(self, step: int) -> Places:
        """The examples of a step, counted from 0 over all epochs."""
        epoch, place = divmod(step, self.steps_per_epoch)
        return self._epoch(epoch)[place]

    def _batches(self, epoch: int) -> list[Places]:
        random = np.random.default_rng((self._seed, epoch))
        shuffled = random.permutation(len(self._lengths))
        batches = [
            pool[start : start + self._size]
            for pool in map(self._by_length, _slices(shuffled, self._size * _POOL))
            for start in range(0, len(pool), self._size)
        ]
        return [batches[place] for place in random.permutation(len(batches))]

    def _by_length(self, pool: Places) -> Places:
        return pool[np.argsort(self._lengths[pool], kind="stable")]


def _slices(places: Places, size: int) -> list[Places]:
    return [places[start : start + size] for start in range(0, len(places), size)]
