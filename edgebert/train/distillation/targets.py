"""Targets of sentence vectors: the teacher's, projected to the student's width."""

from __future__ import annotations

import numpy as np

from edgebert.arrays import Array
from edgebert.train.pca import principal_components
from edgebert.train.strategy import broadcast_from_chief


def project_targets(vectors: Array, width: int, *, normalize: bool) -> Array:
    """The teacher's vectors in so many dimensions.

    Fewer are those in which the vectors vary most (principal components, as sentence-transformers
    makes smaller teachers), without the mean taken off: a cosine is one about the origin. Further
    ones are 0. Both leave the cosines as they are, but for what is lost in the dimensions left out.

    Args:
        vectors: of the transfer texts, float32 [N, H].
        width: of the student.
        normalize: scale them to length 1, as the student's are.

    Returns:
        float32 [N, width].
    """
    if width >= vectors.shape[1]:
        return np.pad(vectors, [(0, 0), (0, width - vectors.shape[1])])
    # All workers must aim at the same, and libraries differ in the last bits.
    components = broadcast_from_chief({"": principal_components(vectors, width)})[""]
    found = vectors @ components
    if normalize:
        found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
    return found
