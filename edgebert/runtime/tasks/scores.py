"""From logits to probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edgebert.arrays import Array


def softmax(logits: Array) -> Array:
    """Probabilities over the last axis."""
    grown: Array = np.exp(logits - logits.max(axis=-1, keepdims=True))
    grown /= grown.sum(axis=-1, keepdims=True)
    return grown


def sigmoid(logits: Array) -> Array:
    """Probabilities that are independent of each other; no logit overflows."""
    shares: Array = 0.5 * (1 + np.tanh(0.5 * logits))
    return shares


def log_sum_exp(logits: npt.NDArray[Any]) -> float:
    """The logarithm of the sum of exponentials, for logits of any size."""
    highest = logits.max()
    return float(highest + np.log(np.exp(logits - highest).sum()))
