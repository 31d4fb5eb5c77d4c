"""The batch of any step of a pre-training, from seed and step alone."""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np

from edgebert.errors import EdgebertError
from edgebert.train.examples import Batch, Part
from edgebert.train.pretraining.inputs import Inputs
from edgebert.train.pretraining.permutation import Permutation
from edgebert.train.pretraining.tokens import Places


class PretrainFeed:
    """Inputs in a new order and with new masks at every pass.

    What is left of a pass behind its last whole batch is left out, so that all batches have the
    same shape; the next pass leaves out others.

    Args:
        inputs: to be learned from.
        batch_size: of a step.
        count: parts of a batch.
        seed: of order and masks.
        epoch_steps: steps that count as an epoch; None: a pass.

    Raises:
        EdgebertError: fewer inputs than a batch.
    """

    def __init__(
        self, inputs: Inputs, batch_size: int, count: int, seed: int, epoch_steps: int | None = None
    ) -> None:
        if len(inputs) < batch_size:
            raise EdgebertError(
                f"the corpus has {len(inputs):,} inputs of {inputs.max_length} tokens, fewer than "
                f"a batch of {batch_size}: give more text, or a smaller --batch-size or "
                "--max-length"
            )
        self._inputs, self._size, self._count, self._seed = inputs, batch_size, count, seed
        self._per_pass = len(inputs) // batch_size
        self.steps_per_epoch = epoch_steps or self._per_pass
        self._order = lru_cache(maxsize=1)(self._permutation)

    def parts(self, step: int) -> list[Part]:
        """The batch of a step, counted from 0 over all passes, in parts."""
        number, place = divmod(step, self._per_pass)
        places = np.arange(place * self._size, (place + 1) * self._size)
        chosen = self._order(number)(places)
        rows = np.array_split(np.arange(self._size), min(self._count, self._size))
        return [
            Part(len(part), partial(self._batch, chosen[part], step, part.tolist()))
            for part in rows
        ]

    def _batch(self, numbers: Places, step: int, rows: list[int]) -> Batch:
        return self._inputs.batch(numbers, [(self._seed, step, row) for row in rows])

    def _permutation(self, number: int) -> Permutation:
        return Permutation(len(self._inputs), (self._seed, number))
