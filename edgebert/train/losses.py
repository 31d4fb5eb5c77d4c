"""The loss of each task, from its head's output and the targets.

Every loss is the mean over the examples (tags: over the tokens) of a batch, float32.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from edgebert.converter.head import Head
from edgebert.train.backend import tf
from edgebert.train.batching import IGNORE_INDEX
from edgebert.train.dropout import Dropout
from edgebert.train.network import ModelInputs, Network

Loss: TypeAlias = Callable[[Any, Mapping[str, Any]], Any]
"""From a head's output and a batch to the mean loss."""

FIRST, LAST = 1, 2
"""Marks of an answer's first and last token; one token may be both."""

_PADDING = -1e9
_TEMPERATURE = 20.0  # of in-batch negatives; the usual one for cosines


@dataclass(frozen=True)
class TaskObjective:
    """A task's loss on right answers.

    Attributes:
        head: of the task.
        loss: of its output.
        parameters: no variables of its own.
    """

    head: Head
    loss: Loss
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, network: Network, batch: Mapping[str, Any], dropout: Dropout) -> Any:
        """The mean loss of a batch."""
        encoded = network(model_inputs(batch), dropout)
        return self.loss(network.head(self.head, encoded, dropout), batch)


def model_inputs(batch: Mapping[str, Any]) -> ModelInputs:
    """The network's part of a batch."""
    return ModelInputs(batch["ids"], batch["mask"], batch["segment_ids"])


def cross_entropy(
    logits: Any, batch: Mapping[str, Any], class_weights: Sequence[float] | None = None
) -> Any:
    """Of single labels: logits [B, K], target [B]."""
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(batch["target"], logits)
    if class_weights is not None:
        losses *= tf.gather(tf.constant(class_weights, tf.float32), batch["target"])
    return tf.reduce_mean(losses)


def sigmoid_cross_entropy(logits: Any, batch: Mapping[str, Any]) -> Any:
    """Of independent labels, the mean over labels, too: logits [B, K], target [B, K] of 0 and 1."""
    losses = tf.nn.sigmoid_cross_entropy_with_logits(batch["target"], logits)
    return tf.reduce_mean(losses)


def squared_error(logits: Any, batch: Mapping[str, Any]) -> Any:
    """Of values: logits [B, 1], target [B]."""
    return tf.reduce_mean(tf.square(logits[:, 0] - batch["target"]))


def token_cross_entropy(logits: Any, batch: Mapping[str, Any]) -> Any:
    """Of tags: logits [B, n, K], target [B, n]; the mean over tokens that have one."""
    has_target = tf.not_equal(batch["target"], IGNORE_INDEX)
    targets = tf.where(has_target, batch["target"], 0)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
    counted = tf.cast(has_target, tf.float32)
    return tf.reduce_sum(losses * counted) / tf.maximum(tf.reduce_sum(counted), 1.0)


def span_cross_entropy(logits: Any, batch: Mapping[str, Any]) -> Any:
    """Of answers, the mean over starts and ends: logits [B, n, 2], target [B, n].

    A target is `FIRST` at the first token of the answer, `LAST` at the last, their sum where one
    is both, else 0; the null answer is [CLS].
    """
    mask_bias = tf.cast(1 - batch["mask"], tf.float32)[:, :, None] * _PADDING
    log_probabilities = tf.nn.log_softmax(logits + mask_bias, axis=1)
    places = tf.bitwise.bitwise_and(tf.maximum(batch["target"], 0)[:, :, None], [[[FIRST, LAST]]])
    right = tf.cast(places > 0, tf.float32)
    return -tf.reduce_mean(tf.reduce_sum(log_probabilities * right, axis=1))


def cosine_error(vectors: Any, batch: Mapping[str, Any]) -> Any:
    """Of pairs with scores from 0 to 1: vectors [2 B, H], neighbours a pair; target [B]."""
    one, other = _pairs(vectors)
    return tf.reduce_mean(tf.square(tf.reduce_sum(one * other, axis=-1) - batch["target"]))


def ranking(vectors: Any, batch: Mapping[str, Any]) -> Any:
    """Of queries with what answers them: vectors [2 B, H], neighbours a pair.

    Each answer competes with those of the other queries in the batch (Henderson et al. 2017,
    arXiv 1705.00652), but for the same text, which has the same number in target [B].
    """
    queries, answers = _pairs(vectors)
    logits = _TEMPERATURE * tf.matmul(queries, answers, transpose_b=True)
    same = tf.equal(batch["target"][:, None], batch["target"][None, :])
    own = tf.eye(tf.shape(logits)[0], dtype=tf.bool)
    logits += tf.where(same & ~own, _PADDING, 0.0)
    labels = tf.range(tf.shape(logits)[0])
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))


def _pairs(vectors: Any) -> tuple[Any, Any]:
    vectors = tf.nn.l2_normalize(vectors, axis=-1)
    return vectors[0::2], vectors[1::2]
