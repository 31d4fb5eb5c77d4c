"""Principal components: the directions in which vectors vary most."""

from __future__ import annotations

import numpy as np

from edgebert.arrays import Array

_BLOCK = 1 << 16  # rows that are looked at together


def principal_components(rows: Array, width: int) -> Array:
    """Orthonormal columns [H, width] that keep most of rows [N, H], the mean not taken off.

    Of the small product's eigenvectors rather than by a singular value decomposition of all rows:
    the same directions.
    """
    products = np.zeros((rows.shape[1], rows.shape[1]))
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK].astype(np.float64)
        products += block.T @ block
    _, vectors = np.linalg.eigh(products)
    return vectors[:, ::-1][:, :width].astype(np.float32)
