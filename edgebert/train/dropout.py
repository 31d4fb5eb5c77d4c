"""Dropout whose masks are a function of seed, step and place: a resumed run draws them again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgebert.train.backend import tf


@dataclass(frozen=True)
class Dropout:
    """Sets a share of the elements to 0 and scales the others up.

    Attributes:
        rate: the share.
        key: int32 [2], from `step_key`; None: nothing is dropped.
    """

    rate: float = 0.0
    key: Any = None

    def __call__(self, x: Any, site: int) -> Any:
        """Drops from `x`; each place in the network has a `site` of its own."""
        if not self.rate or self.key is None:
            return x
        seed = tf.random.experimental.stateless_fold_in(self.key, site)
        return tf.nn.experimental.stateless_dropout(x, self.rate, seed=seed, rng_alg="philox")


NO_DROPOUT = Dropout()


def step_key(seed: int, step: Any, part: int = 0) -> Any:
    """The key of one step of a run, and of one part of it where gradients are accumulated."""
    return tf.random.experimental.stateless_fold_in(
        tf.random.experimental.stateless_fold_in(tf.constant([seed, 0], tf.int32), step), part
    )
