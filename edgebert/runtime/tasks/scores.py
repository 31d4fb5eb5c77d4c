"""From logits to probabilities."""

from __future__ import annotations

import numpy as np

from edgebert.bert.weights import Array


def softmax(logits: Array) -> Array:
    """Probabilities over the last axis."""
    grown: Array = np.exp(logits - logits.max(axis=-1, keepdims=True))
    grown /= grown.sum(axis=-1, keepdims=True)
    return grown
