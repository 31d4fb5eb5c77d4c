"""Teachers that say one thing of a text or a pair: a class, independent classes, or a number.

Soft labels as in Hinton et al. 2015 (arXiv 1503.02531).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edgebert.arrays import Array
from edgebert.evaluation.evaluators.correlate import score_of
from edgebert.train.backend import tf
from edgebert.train.batching import IGNORE_INDEX
from edgebert.train.distillation.task import DistillationTask
from edgebert.train.finetuning.texts import label_index, multi_hot

_LEAST = 1e-30
"""Below it a probability counts as this: float32 has no logarithm of 0."""


def soft_cross_entropy(logits: Any, scores: Any, temperature: float) -> Any:
    """Cross-entropy of softened distributions [B], times the temperature squared."""
    probabilities = tf.nn.softmax(scores / temperature)
    found = tf.nn.log_softmax(logits / temperature)
    return -(temperature**2) * tf.reduce_sum(probabilities * found, axis=-1)


def hard_cross_entropy(logits: Any, target: Any) -> tuple[Any, Any]:
    """Cross-entropy of each label that is known, and which are."""
    known = tf.not_equal(target, IGNORE_INDEX)
    labels = tf.where(known, target, 0)
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits), known


def _log(probabilities: Array) -> Array:
    return np.log(np.maximum(probabilities, np.float32(_LEAST)))


CLASSIFY = DistillationTask(
    soft_loss=soft_cross_entropy,
    hard_loss=hard_cross_entropy,
    target=label_index,
    no_target=lambda labels: IGNORE_INDEX,
    scores=_log,
)


def _soft_sigmoid(logits: Any, scores: Any, temperature: float) -> Any:
    losses = tf.nn.sigmoid_cross_entropy_with_logits(
        tf.sigmoid(scores / temperature), logits / temperature
    )
    return (temperature**2) * tf.reduce_mean(losses, axis=-1)


def _hard_sigmoid(logits: Any, target: Any) -> tuple[Any, Any]:
    losses = tf.nn.sigmoid_cross_entropy_with_logits(target, logits)
    return tf.reduce_mean(losses, axis=-1), tf.not_equal(target[:, 0], IGNORE_INDEX)


MULTI_LABEL = DistillationTask(
    soft_loss=_soft_sigmoid,
    hard_loss=_hard_sigmoid,
    target=multi_hot,
    no_target=lambda labels: np.full(len(labels), IGNORE_INDEX, np.float32),
    scores=lambda probabilities: _log(probabilities) - _log(1 - probabilities),
)


def _hard_squared_error(values: Any, target: Any) -> tuple[Any, Any]:
    known = tf.logical_not(tf.math.is_nan(target))
    return tf.square(values[:, 0] - tf.where(known, target, 0.0)), known


REGRESS = DistillationTask(
    soft_loss=lambda values, scores, temperature: tf.square(values - scores)[:, 0],
    hard_loss=_hard_squared_error,
    target=lambda row, labels: score_of(row),
    no_target=lambda labels: math.nan,
)
