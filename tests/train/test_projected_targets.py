"""The teacher's sentence vectors in as many dimensions as the student has."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from edgebert.train.distillation.embed import project_targets
from edgebert.train.pca import principal_components

RANDOM = np.random.default_rng(3)


def vectors(count=300, width=12, rank=4, noise=0.01):
    flat = RANDOM.standard_normal((count, rank)) @ RANDOM.standard_normal((rank, width))
    found = (flat + noise * RANDOM.standard_normal((count, width))).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def cosines(rows):
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return rows @ rows.T


def test_directions_keep_what_a_singular_value_decomposition_keeps():
    rows = vectors(noise=0.5)
    found = principal_components(rows, 5)
    np.testing.assert_allclose(found.T @ found, np.eye(5), atol=1e-5)
    _, values, right = np.linalg.svd(rows.astype(np.float64), full_matrices=False)
    assert np.square(rows @ found).sum() == pytest.approx(np.square(values[:5]).sum(), rel=1e-5)
    np.testing.assert_allclose(found @ found.T, right[:5].T @ right[:5], atol=1e-3)


def test_fewer_dimensions_keep_the_cosines():
    rows = vectors()
    found = project_targets(rows, 4, normalize=True)
    assert found.shape == (300, 4)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(cosines(found), cosines(rows), atol=0.05)


def test_as_many_dimensions_or_more_keep_all():
    rows = vectors()
    assert np.array_equal(project_targets(rows, 12, normalize=True), rows)
    wider = project_targets(rows, 16, normalize=True)
    np.testing.assert_allclose(cosines(wider), cosines(rows), atol=1e-6)
