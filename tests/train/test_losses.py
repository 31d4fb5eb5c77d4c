"""Losses are what their formulas say, computed here in numpy for one example at a time."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from edgebert.train.backend import tf
from edgebert.train.losses import (
    cosine_error,
    cross_entropy,
    ranking,
    sigmoid_cross_entropy,
    span_cross_entropy,
    squared_error,
    token_cross_entropy,
)

RANDOM = np.random.default_rng(1)


def log_softmax(x):
    return x - np.log(np.exp(x).sum())


def tensors(**arrays):
    return {name: tf.constant(array) for name, array in arrays.items()}


def logits(*shape):
    return RANDOM.standard_normal(shape).astype(np.float32)


def test_cross_entropy_with_and_without_weights():
    x, target = logits(4, 3), np.int32([0, 2, 2, 1])
    each = [-log_softmax(row)[right] for row, right in zip(x, target, strict=True)]
    batch = tensors(target=target)
    assert float(cross_entropy(x, batch)) == pytest.approx(np.mean(each), rel=1e-5)
    weights = (0.5, 2.0, 1.0)
    weighted = [loss * weights[right] for loss, right in zip(each, target, strict=True)]
    assert float(cross_entropy(x, batch, weights)) == pytest.approx(np.mean(weighted), rel=1e-5)


def test_independent_labels_count_each_alone():
    x, target = logits(4, 3), np.float32([[0, 1, 1], [0, 0, 0], [1, 0, 0], [1, 1, 1]])
    share = 1 / (1 + np.exp(-x.astype(np.float64)))
    expected = -np.mean(target * np.log(share) + (1 - target) * np.log(1 - share))
    assert float(sigmoid_cross_entropy(x, tensors(target=target))) == pytest.approx(expected)


def test_squared_error():
    x, target = logits(4, 1), logits(4)
    expected = np.mean((x[:, 0] - target) ** 2)
    assert float(squared_error(x, tensors(target=target))) == pytest.approx(expected, rel=1e-5)


def test_tags_count_by_token_and_only_where_they_have_a_target():
    x, target = logits(2, 3, 4), np.int32([[1, -1, 3], [-1, -1, 0]])
    targets = [(0, 0, 1), (0, 2, 3), (1, 2, 0)]
    expected = np.mean([-log_softmax(x[row, place])[right] for row, place, right in targets])
    found = float(token_cross_entropy(x, tensors(target=target)))
    assert found == pytest.approx(expected, rel=1e-5)


def test_answers_count_start_and_end_among_tokens_that_are_there():
    x = logits(2, 4, 2)
    mask, target = np.int32([[1, 1, 1, 0], [1, 1, 1, 1]]), np.int32([[0, 1, 2, -1], [3, 0, 0, 0]])
    one = -log_softmax(x[0, :3, 0])[1] - log_softmax(x[0, :3, 1])[2]
    other = -log_softmax(x[1, :, 0])[0] - log_softmax(x[1, :, 1])[0]
    found = float(span_cross_entropy(x, tensors(mask=mask, target=target)))
    assert found == pytest.approx((one + other) / 4, rel=1e-5)


def cosine(a, b):
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


def test_pairs_are_to_have_their_score_as_cosine():
    x, target = logits(4, 5), np.float32([0.2, 0.9])
    expected = np.mean([(cosine(x[0], x[1]) - 0.2) ** 2, (cosine(x[2], x[3]) - 0.9) ** 2])
    assert float(cosine_error(x, tensors(target=target))) == pytest.approx(expected, rel=1e-4)


def test_answers_of_other_queries_compete_but_not_the_same_text():
    x, target = logits(6, 5), np.int32([7, 4, 7])
    queries, answers = x[0::2], x[1::2]
    losses = []
    for row, query in enumerate(queries):
        rivals = [c for c in range(3) if c == row or target[c] != target[row]]
        scores = np.array([20 * cosine(query, answers[c]) for c in rivals])
        losses.append(-log_softmax(scores)[rivals.index(row)])
    found = float(ranking(x, tensors(target=target)))
    assert found == pytest.approx(np.mean(losses), rel=1e-4)
