"""What is no better than guessing is known as that."""

import math

import numpy as np
import pytest

from edgebert.evaluation.metrics import accuracy, matthews
from edgebert.train.evaluation import DevResult


def score(expected, predicted):
    metrics = {
        "accuracy": accuracy(expected, predicted),
        "matthews": matthews(expected, predicted),
    }
    return DevResult(metrics, metrics["accuracy"], len(expected))


def test_guesses_are_at_chance_and_a_little_knowledge_is_not():
    random = np.random.default_rng(1)
    found = []
    for _ in range(200):
        expected, guessed = random.integers(0, 5, (2, 400))
        found.append(score(expected, guessed).at_chance)
        known = np.where(random.random(400) < 0.3, expected, guessed)
        assert not score(expected, known).at_chance
    assert np.mean(found) > 0.9


def test_of_rows_with_mostly_one_label_a_constant_answer_is_at_chance():
    expected = np.repeat([0, 1], [95, 5])
    assert score(expected, np.zeros(100, int)).at_chance
    assert not score(expected, np.where(np.arange(100) > 92, 1, 0)).at_chance


@pytest.mark.parametrize(
    ("metrics", "figure", "rows", "at_chance"),
    [
        ({"spearman": 0.01, "pearson": 0.2}, 0.01, 100, True),
        ({"spearman": 0.6, "pearson": 0.6}, 0.6, 100, False),
        ({}, -math.inf, 100, True),
        ({"f1": 0.0, "precision": 0.0, "recall": 0.0}, 0.0, 100, True),
        ({"f1": 0.1, "precision": 0.1, "recall": 0.1}, 0.1, 100, False),
        ({"mlm_loss": 9.0}, -9.0, 0, False),
        ({}, -math.inf, 0, False),
        ({"accuracy": 0.5, "matthews": 0.0}, 0.5, 10, False),
    ],
)
def test_each_kind_of_metric(metrics, figure, rows, at_chance):
    assert DevResult(metrics, figure, rows).at_chance == at_chance
