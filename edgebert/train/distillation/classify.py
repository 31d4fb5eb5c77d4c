"""Classifiers: soft labels as in Hinton et al. 2015 (arXiv 1503.02531)."""

from __future__ import annotations

from typing import Any

from edgebert.evaluation.evaluators.evaluator import unknown_label
from edgebert.evaluation.readers import Row
from edgebert.train.backend import tf
from edgebert.train.batching import IGNORE_INDEX
from edgebert.train.distillation.task import DistillationTask, log_probabilities
from edgebert.train.finetuning.task import Labels


def soft_cross_entropy(logits: Any, scores: Any, temperature: float) -> Any:
    """Cross-entropy of softened distributions [B], times the temperature squared."""
    probabilities = tf.nn.softmax(scores / temperature)
    found = tf.nn.log_softmax(logits / temperature)
    return -(temperature**2) * tf.reduce_sum(probabilities * found, axis=-1)


def _hard_loss(logits: Any, target: Any) -> tuple[Any, Any]:
    known = tf.not_equal(target, IGNORE_INDEX)
    labels = tf.where(known, target, 0)
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits), known


def _target(row: Row, labels: Labels) -> int:
    if row.label not in labels:
        raise unknown_label(row.place, row.label, labels)
    return labels.index(row.label)


CLASSIFY = DistillationTask(
    soft_loss=soft_cross_entropy,
    hard_loss=_hard_loss,
    target=_target,
    no_target=lambda labels: IGNORE_INDEX,
    scores=log_probabilities,
)
