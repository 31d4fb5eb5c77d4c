"""Regressions: squared differences from the teacher's values, and from right ones."""

from __future__ import annotations

import math
from typing import Any

from edgebert.evaluation.evaluators.correlate import score_of
from edgebert.train.backend import tf
from edgebert.train.distillation.task import DistillationTask


def _soft_loss(values: Any, scores: Any, temperature: float) -> Any:
    return tf.square(values - scores)[:, 0]


def _hard_loss(values: Any, target: Any) -> tuple[Any, Any]:
    known = tf.logical_not(tf.math.is_nan(target))
    return tf.square(values[:, 0] - tf.where(known, target, 0.0)), known


REGRESS = DistillationTask(
    soft_loss=_soft_loss,
    hard_loss=_hard_loss,
    target=lambda row, labels: score_of(row),
    no_target=lambda labels: math.nan,
)
