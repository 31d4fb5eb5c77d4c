"""The two teachers of the small intents model."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from tools.fixtures.make_small_intents import fit, probabilities, together


def test_the_regression_tells_separate_groups_apart():
    random = np.random.default_rng(0)
    centres = random.standard_normal((3, 8))
    learned = np.arange(60) % 3
    vectors = (centres[learned] + 0.1 * random.standard_normal((60, 8))).astype(np.float32)
    found = probabilities(vectors, fit(vectors, learned, 3))
    assert (found.argmax(axis=1) == learned).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)


def test_two_opinions_become_their_geometric_mean():
    found = together(np.array([[0.8, 0.2]]), np.array([[0.2, 0.8]]))
    np.testing.assert_allclose(found, [[0.5, 0.5]])
    found = together(np.array([[0.9, 0.1]]), np.array([[0.5, 0.5]]))
    np.testing.assert_allclose(found, [[0.75, 0.25]])
