"""Embedders: squared distances of sentence vectors, each text of a pair by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from edgebert.arrays import Array
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.head import Head
from edgebert.converter.options import Options
from edgebert.converter.plan import plan, vector_size
from edgebert.evaluation.texts import Text
from edgebert.train.backend import tf
from edgebert.train.distillation.task import (
    DistillationTask,
    Examples,
    TransferText,
    one_a_text,
)
from edgebert.train.initialisation import TRAINABLE_POOLINGS
from edgebert.train.pca import principal_components
from edgebert.train.strategy import broadcast_from_chief

if TYPE_CHECKING:
    from edgebert.train.distillation.teacher import Teacher


def project_targets(vectors: Array, width: int, *, normalize: bool) -> Array:
    """The teacher's vectors in so many dimensions.

    Fewer are those in which the vectors vary most (principal components, as sentence-transformers
    makes smaller teachers), without the mean taken off: a cosine is one about the origin. Further
    ones are 0. Both leave the cosines as they are, but for what is lost in the dimensions left out.

    Args:
        vectors: of the transfer texts, float32 [N, H].
        width: of the student.
        normalize: scale them to length 1, as the student's are.

    Returns:
        float32 [N, width].
    """
    if width >= vectors.shape[1]:
        return np.pad(vectors, [(0, 0), (0, width - vectors.shape[1])])
    # All workers must aim at the same, and libraries differ in the last bits.
    components = broadcast_from_chief({"": principal_components(vectors, width)})[""]
    found = vectors @ components
    if normalize:
        found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
    return found


def _soft_loss(vectors: Any, targets: Any, temperature: float) -> Any:
    return tf.reduce_sum(tf.square(vectors - targets), axis=-1)


def _each_alone(text: Text) -> list[Text]:
    return [Text(each, None, text.place) for each in (text.text, text.pair) if each]


def _head(checkpoint: Checkpoint) -> Head:
    return plan(Options(quantize="float32"), checkpoint).head


def _width(teacher: Checkpoint) -> int:
    head = _head(teacher)
    return head.truncate_dim or vector_size(teacher, head.pooling)


def _initial_student(start: Checkpoint, teacher: Teacher) -> Checkpoint:
    """The student with the teacher's way from token vectors to a sentence's."""
    if teacher.checkpoint is None:
        return replace(start, normalize=teacher.unit_length)
    head = _head(teacher.checkpoint)
    pooling = head.pooling if head.pooling in TRAINABLE_POOLINGS else "mean"
    return replace(start, pooling=pooling, normalize=head.normalize or head.normalize_whole)


def _examples(texts: Sequence[TransferText], vectors: Array, start: Checkpoint) -> Examples:
    examples, _ = one_a_text(texts, vectors, start)
    targets = project_targets(vectors, start.config.hidden_size, normalize=start.normalize)
    return examples, targets


EMBED = DistillationTask(
    soft_loss=_soft_loss,
    hard_loss=None,
    target=lambda row, labels: 0.0,
    no_target=lambda labels: 0.0,
    inputs=_each_alone,
    width=_width,
    initial_student=_initial_student,
    examples=_examples,
)
