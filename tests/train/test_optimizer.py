"""Our AdamW makes the steps of Keras's."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from edgebert.train.backend import keras, tf
from edgebert.train.optimizer import AdamW


def plain(start, gradients, rates, decay):
    """The paper's algorithm 2 in float64, clipped to a global norm of 1."""
    found = {name: value.astype(np.float64) for name, value in start.items()}
    first, second = (dict.fromkeys(start, 0.0) for _ in range(2))
    for step, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), 1):
        norm = np.sqrt(sum((g.astype(np.float64) ** 2).sum() for g in gradient.values()))
        for name, g in gradient.items():
            g = g / max(1.0, norm)
            first[name] = 0.9 * first[name] + 0.1 * g
            second[name] = 0.999 * second[name] + 0.001 * g**2
            update = first[name] / (1 - 0.9**step)
            update = update / (np.sqrt(second[name] / (1 - 0.999**step)) + 1e-6)
            found[name] -= rate * (update + (decay * found[name] if g.ndim > 1 else 0.0))
    return found


def test_steps_are_those_of_the_paper_and_of_keras():
    random = np.random.default_rng(1)
    shapes = {"matrix": (4, 3), "norm.weight": (5,), "table": (6, 2)}
    start = {n: random.standard_normal(s).astype(np.float32) for n, s in shapes.items()}
    ours, theirs = ({n: tf.Variable(v, name=n) for n, v in start.items()} for _ in range(2))
    optimizer = AdamW(ours, weight_decay=0.1, clip_norm=1.0)
    other = keras.optimizers.AdamW(weight_decay=0.1, global_clipnorm=1.0, epsilon=1e-6)
    other.exclude_from_weight_decay(var_list=[theirs["norm.weight"]])
    rates = [0.05 / (step + 1) for step in range(6)]
    gradients = [
        {n: random.standard_normal(s).astype(np.float32) for n, s in shapes.items()} for _ in rates
    ]
    for step, (gradient, rate) in enumerate(zip(gradients, rates, strict=True)):
        norm = float(optimizer.apply({n: tf.constant(g) for n, g in gradient.items()}, step, rate))
        assert norm == pytest.approx(float(tf.linalg.global_norm(list(gradient.values()))))
        other.learning_rate = rate
        other.apply_gradients([(tf.constant(gradient[n]), theirs[n]) for n in shapes])
    expected = plain(start, gradients, rates, 0.1)
    for name in shapes:
        np.testing.assert_allclose(ours[name], expected[name], atol=1e-6, rtol=0)
        # Keras adds its epsilon before them.
        np.testing.assert_allclose(ours[name], theirs[name], atol=1e-3, rtol=0)


def test_the_epsilon_is_added_to_the_corrected_root():
    random = np.random.default_rng(2)
    start = {"matrix": random.standard_normal((4, 3)).astype(np.float32)}
    ours = {name: tf.Variable(value) for name, value in start.items()}
    optimizer = AdamW(ours, weight_decay=0.1, clip_norm=1.0)
    rates = [0.05] * 4
    # As small as the epsilon, which then decides half of each step.
    gradients = [{"matrix": np.float32(1e-6) * random.standard_normal((4, 3))} for _ in rates]
    for step, (gradient, rate) in enumerate(zip(gradients, rates, strict=True)):
        optimizer.apply({n: tf.constant(g, tf.float32) for n, g in gradient.items()}, step, rate)
    expected = plain(start, gradients, rates, 0.1)["matrix"]
    np.testing.assert_allclose(ours["matrix"], expected, atol=1e-6, rtol=0)


def test_small_gradients_are_not_clipped():
    variables = {"x": tf.Variable([1.0, 2.0])}
    one, other = (AdamW(variables, 0.0, clip) for clip in (1.0, 1e6))
    for optimizer in (one, other):
        optimizer.apply({"x": tf.constant([0.3, 0.4])}, 0, 0.0)
    assert np.array_equal(one.moments["first/x"], other.moments["first/x"])
    np.testing.assert_allclose(one.moments["first/x"], [0.03, 0.04], rtol=1e-5)
    one.apply({"x": tf.constant([3.0, 4.0])}, 1, 0.0)
    np.testing.assert_allclose(
        one.moments["first/x"], [0.9 * 0.03 + 0.1 * 0.6, 0.9 * 0.04 + 0.1 * 0.8], rtol=1e-5
    )
