"""Classifiers with independent labels: a sigmoid's soft labels, the mean over labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgebert.arrays import Array
from edgebert.train.backend import tf
from edgebert.train.batching import IGNORE_INDEX
from edgebert.train.distillation.task import DistillationTask, log_probabilities
from edgebert.train.finetuning.multi_label import multi_hot


def _soft_loss(logits: Any, scores: Any, temperature: float) -> Any:
    losses = tf.nn.sigmoid_cross_entropy_with_logits(
        tf.sigmoid(scores / temperature), logits / temperature
    )
    return (temperature**2) * tf.reduce_mean(losses, axis=-1)


def _hard_loss(logits: Any, target: Any) -> tuple[Any, Any]:
    losses = tf.nn.sigmoid_cross_entropy_with_logits(target, logits)
    return tf.reduce_mean(losses, axis=-1), tf.not_equal(target[:, 0], IGNORE_INDEX)


def _logits(probabilities: Array) -> Array:
    return log_probabilities(probabilities) - log_probabilities(1 - probabilities)


MULTI_LABEL = DistillationTask(
    soft_loss=_soft_loss,
    hard_loss=_hard_loss,
    target=multi_hot,
    no_target=lambda labels: np.full(len(labels), IGNORE_INDEX, np.float32),
    scores=_logits,
)
