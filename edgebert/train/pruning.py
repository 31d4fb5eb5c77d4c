"""Magnitude pruning with tensorflow-model-optimization: small weights become 0, and stay so.

The share of zeros rises from 0 along the cubic of Zhu and Gupta 2017 (arXiv 1710.01878); the rest
of the run goes on with the masks as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgebert.converter.weight_storage import SMALL_MATRIX
from edgebert.train.backend import tf

BEGIN, END = 0.1, 0.7
"""Shares of the steps between which weights become 0."""

UPDATES = 20
"""How often, at most, weights are chosen anew: it takes a sort of each matrix."""


class Pruning:
    """What a run does to its weights after each step: nothing, if it does not prune.

    Attributes:
        masks: variables that a resume needs, by name in a save.
    """

    masks: Mapping[str, Any] = {}

    def after_step(self, step: int) -> None:
        """Called after each step, counted from 0."""

    def is_complete_at(self, steps: int) -> bool:
        """Whether after so many steps the weights have the share of zeros that was asked for."""
        return True


class MagnitudePruning(Pruning):
    """Prunes all matrices and tables, each by itself, but for those of the smallest heads.

    Args:
        share: of zeros in the end.
        variables: by canonical name.
        steps: of the run.
    """

    def __init__(self, share: float, variables: Mapping[str, Any], steps: int) -> None:
        from edgebert.train.model_optimization import Pruning as Masks
        from edgebert.train.model_optimization import sparsity

        chosen = {name: each for name, each in variables.items() if is_pruned(name, each.shape)}
        self.masks = {
            f"mask/{name}": tf.Variable(tf.ones_like(each), trainable=False)
            for name, each in chosen.items()
        }
        begin, last = int(BEGIN * steps), int(END * steps)
        every = max(1, -(-(last - begin) // UPDATES))
        self._end = begin + (last - begin) // every * every  # at which the last choice is made
        schedule = sparsity.PolynomialDecay(0.0, share, begin, self._end, frequency=every)
        self._step = tf.Variable(0, dtype=tf.int32, trainable=False)
        masks = [
            (each, self.masks[f"mask/{name}"], tf.Variable(0.0, trainable=False))
            for name, each in chosen.items()
        ]
        self._tool = Masks(lambda: self._step, masks, schedule, (1, 1), "AVG")
        self._update = tf.function(self._trace)

    def after_step(self, step: int) -> None:
        """Chooses anew if it is time, and sets to 0 what is chosen."""
        self._step.assign(step)
        self._update()

    def is_complete_at(self, steps: int) -> bool:
        """Whether the last choice is made."""
        return steps > self._end

    def _trace(self) -> None:
        self._tool.conditional_mask_update()
        self._tool.weight_mask_op()


def is_pruned(name: str, shape: tuple[int, ...]) -> bool:
    """Whether a weight is: matrices and the table of words, not what is small."""
    if len(shape) != 2 or shape[0] <= SMALL_MATRIX:
        return False
    return name not in ("embeddings.position", "embeddings.segment")
