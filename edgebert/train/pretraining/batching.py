"""The batch of any step of a pre-training, from seed and step alone."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebert.errors import EdgebertError
from edgebert.train.batching import Batch, MicroBatch
from edgebert.train.pretraining.inputs import MaskedInputs
from edgebert.train.pretraining.tokenised_corpus import Offsets

_ROUNDS = 4
_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: spreads neighbours
_HALF = np.uint64(32)

Numbers = npt.NDArray[np.uint64]


class PretrainingBatches:
    """Inputs in a new order and with new masks at every pass.

    What is left of a pass behind its last whole batch is left out, so that all batches have the
    same shape; the next pass leaves out others.

    Args:
        inputs: to be learned from.
        batch_size: of a step.
        micro_batch_count: parts of a batch.
        seed: of order and masks.
        epoch_steps: steps that count as an epoch; None: a pass.

    Raises:
        EdgebertError: fewer inputs than a batch.
    """

    def __init__(
        self,
        inputs: MaskedInputs,
        batch_size: int,
        micro_batch_count: int,
        seed: int,
        epoch_steps: int | None = None,
    ) -> None:
        if len(inputs) < batch_size:
            raise EdgebertError(
                f"the corpus has {len(inputs):,} inputs of {inputs.max_length} tokens, fewer than "
                f"a batch of {batch_size}: give more text, or a smaller --batch-size or "
                "--max-length"
            )
        self._inputs, self._size, self._seed = inputs, batch_size, seed
        self._micro_batch_count = micro_batch_count
        self._per_pass = len(inputs) // batch_size
        self.steps_per_epoch = epoch_steps or self._per_pass
        self._order = lru_cache(maxsize=1)(self._permutation)

    def micro_batches(self, step: int) -> list[MicroBatch]:
        """The batch of a step, counted from 0 over all passes, in parts."""
        number, place = divmod(step, self._per_pass)
        places = np.arange(place * self._size, (place + 1) * self._size)
        chosen = self._order(number)(places)
        rows = np.array_split(np.arange(self._size), min(self._micro_batch_count, self._size))
        return [
            MicroBatch(len(part), partial(self._batch, chosen[part], step, part.tolist()))
            for part in rows
        ]

    def _batch(self, numbers: Offsets, step: int, rows: list[int]) -> Batch:
        return self._inputs.batch(numbers, [(self._seed, step, row) for row in rows])

    def _permutation(self, number: int) -> Permutation:
        return Permutation(len(self._inputs), (self._seed, number))


class Permutation:
    """A permutation of 0 … count - 1 that takes no memory: a Feistel network, cycle-walking.

    Where a number goes is computed, not looked up (Black and Rogaway 2002, "Ciphers with arbitrary
    finite domains"). So a pass over billions of inputs can begin at any step.

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
