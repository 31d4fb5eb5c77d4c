"""One vector for a text."""

from __future__ import annotations

import numpy as np

from edgebert.bert.weights import Array


def to_length_one(vectors: Array) -> Array:
    """Scales the rows of [m, H] to length 1."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Array = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return scaled
