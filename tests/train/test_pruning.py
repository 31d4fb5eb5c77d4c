"""The weights that a pruned run ends with."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from edgebert.train.backend import tf
from edgebert.train.evaluation import DevResult
from edgebert.train.pruning import MagnitudePruning, is_pruned
from tests.train import tiny

SETTINGS = replace(tiny.SETTINGS, prune=0.5)


def test_the_share_of_zeros_is_what_was_asked_for(tmp_path):
    outcome = tiny.run(tmp_path, SETTINGS, evaluate=None)
    pruned = {name: w for name, w in outcome.weights.items() if is_pruned(name, w.shape)}
    assert "embeddings.word" in pruned
    assert "classifier.weight" not in pruned
    for name, weight in pruned.items():
        assert np.mean(weight == 0) == pytest.approx(0.5, abs=1 / weight.size), name
    for name in outcome.weights.keys() - pruned.keys():
        assert np.mean(outcome.weights[name] == 0) < 0.5 or not tiny.weights()[name].any(), name


def test_the_smallest_weights_become_0_and_later_ones_follow():
    weights = tf.Variable(np.arange(1, 321, dtype=np.float32).reshape(20, 16))
    pruning = MagnitudePruning(0.5, {"layers.0.ffn.output.weight": weights}, 100)
    shares = []
    for step in range(100):
        pruning.after_step(step)
        shares.append(float(np.mean(weights.numpy() == 0)))
    assert shares[9] == 0
    assert shares == sorted(shares)
    assert 0.3 < shares[40] < 0.5
    assert set(shares[70:]) == {0.5}
    assert pruning.is_complete_at(71)
    assert not pruning.is_complete_at(60)
    assert weights.numpy().reshape(-1)[160] == 161
    weights.assign(tf.ones_like(weights))  # as a gradient might
    pruning.after_step(99)
    assert np.mean(weights.numpy() == 0) == 0.5


def test_weights_that_are_not_pruned_yet_are_not_the_best(tmp_path):
    figures = iter((0.9, 0.8, 0.7))  # 24 steps: the last choice is made after 16

    def falling(weights):
        return DevResult({"figure": 0.0}, next(figures))

    outcome = tiny.run(tmp_path, SETTINGS, evaluate=falling)
    assert outcome.state.best == 0.7
    assert np.mean(outcome.weights["embeddings.word"] == 0) == 0.5
