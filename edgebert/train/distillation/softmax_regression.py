"""A softmax regression on sentence vectors: what a frozen embedder knows of some labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgebert.arrays import Array

_SHARPNESS = 7.0
"""Vectors of length 1 are multiplied by it: the weights need not grow so far."""
_STEPS, _RATE = 100, 0.05
"""Few, which keeps the weights small: more are no more right, and too sure."""


@dataclass(frozen=True)
class SoftmaxRegression:
    """A linear classifier.

    Attributes:
        weights: of a vector's numbers and of 1, float32 [H + 1, K].
    """

    weights: Array

    @classmethod
    def of(cls, vectors: Array, learned: Array, labels: int) -> SoftmaxRegression:
        """Fitted by Adam (Kingma and Ba 2014, arXiv 1412.6980).

        Args:
            vectors: float32 [N, H].
            learned: index of each one's label, int [N].
            labels: how many there are.
        """
        features, right = _features(vectors), np.eye(labels, dtype=np.float32)[learned]
        weights = np.zeros((features.shape[1], labels), np.float32)
        first, second = np.zeros_like(weights), np.zeros_like(weights)
        for step in range(1, _STEPS + 1):
            wrong = np.exp(log_softmax(features @ weights)) - right
            gradient = features.T @ wrong / len(features)
            first = 0.9 * first + 0.1 * gradient
            second = 0.999 * second + 0.001 * gradient**2
            size = np.sqrt(second / (1 - 0.999**step)) + 1e-8
            weights -= _RATE * first / (1 - 0.9**step) / size
        return cls(weights)

    def scores(self, vectors: Array) -> Array:
        """Logarithms of the labels' probabilities, float32 [N, K]."""
        return log_softmax(_features(vectors) @ self.weights)


def log_softmax(scores: Array) -> Array:
    """Logarithms of probabilities from logits, or from such as do not sum to 1: [N, K]."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    found: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return found


def _features(vectors: Array) -> Array:
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    ones = np.ones((len(vectors), 1), np.float32)
    return np.concatenate([vectors / lengths * np.float32(_SHARPNESS), ones], axis=1)
