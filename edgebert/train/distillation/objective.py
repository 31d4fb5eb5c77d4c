"""The objective of a distillation: be like the teacher, in what it says and perhaps how.

Soft labels as in Hinton et al. 2015 (arXiv 1503.02531); hidden states and attention as in TinyBERT
(Jiao et al. 2019, arXiv 1909.10351), with learned projections, so that widths and numbers of heads
may differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgebert.bert.config import BertConfig
from edgebert.converter.head import Head
from edgebert.train.backend import tf
from edgebert.train.batching import IGNORE_INDEX
from edgebert.train.distillation.options import DistillationOptions
from edgebert.train.dropout import Dropout
from edgebert.train.losses import model_inputs
from edgebert.train.network import EncoderOutput, Network, linear

TEACHER_SCORES = "teacher"
"""The teacher's scores in a batch, float32 [B, K]."""


class DistillationObjective:
    """Mean loss of a batch with the teacher's scores, and right labels where there are any.

    Args:
        head: of the student: classify, regress or embed.
        options: temperature and weights of the loss.
        student: config.
        teacher: to be run beside the student; needed where `options` looks inside it.
        seed: of the projections.
    """

    def __init__(
        self,
        head: Head,
        options: DistillationOptions,
        student: BertConfig,
        teacher: Network | None = None,
        seed: int = 0,
    ) -> None:
        self._head, self._options = head, options
        self._teacher = teacher if options.inspects_teacher else None
        self.parameters: dict[str, Any] = {}
        if self._teacher is not None:
            self.parameters = _projections(student, self._teacher.config, seed)

    def __call__(self, network: Network, batch: Mapping[str, Any], dropout: Dropout) -> Any:
        """See the class."""
        encoded = network(model_inputs(batch), dropout)
        logits = network.head(self._head, encoded, dropout)
        loss = self._said(logits, batch)
        if self._teacher is not None:
            inside = self._teacher(model_inputs(batch))
            loss += self._options.hidden * self._hidden(encoded, inside)
            loss += self._options.attention * self._attention(encoded, inside)
        return loss

    def _said(self, logits: Any, batch: Mapping[str, Any]) -> Any:
        scores, target = batch[TEACHER_SCORES], batch["target"]
        if self._head.task == "embed":
            return tf.reduce_mean(tf.reduce_sum(tf.square(logits - scores), axis=-1))
        if self._head.task == "regress":
            soft = tf.square(logits - scores)[:, 0]
            known = tf.logical_not(tf.math.is_nan(target))
            right = tf.square(logits[:, 0] - tf.where(known, target, 0.0))
        elif self._head.multi_label:
            soft = soft_sigmoid_cross_entropy(logits, scores, self._options.temperature)
            known = tf.not_equal(target[:, 0], IGNORE_INDEX)
            losses = tf.nn.sigmoid_cross_entropy_with_logits(target, logits)
            right = tf.reduce_mean(losses, axis=-1)
        else:
            soft = soft_cross_entropy(logits, scores, self._options.temperature)
            known = tf.not_equal(target, IGNORE_INDEX)
            right = tf.nn.sparse_softmax_cross_entropy_with_logits(
                tf.where(known, target, 0), logits
            )
        share = (self._options.hard or 0.0) * tf.cast(known, tf.float32)
        return tf.reduce_mean((1 - share) * soft + share * right)

    def _hidden(self, student: EncoderOutput, teacher: EncoderOutput) -> Any:
        """Mean squared difference of projected states, over tokens, widths and matched states."""
        tokens = tf.cast(student.mask, tf.float32)[:, :, None]
        count = tf.reduce_sum(tokens)
        total = 0.0
        for place, (ours, theirs) in enumerate(
            _matched(student.hidden_states, teacher.hidden_states)
        ):
            projection = tf.transpose(self.parameters[f"hidden.{place}"])
            projected = linear(tf.cast(ours, tf.float32), projection)
            squares = tf.square(projected - tf.stop_gradient(tf.cast(theirs, tf.float32)))
            total += tf.reduce_sum(squares * tokens) / (count * squares.shape[-1])
        return total / len(student.hidden_states)

    def _attention(self, student: EncoderOutput, teacher: EncoderOutput) -> Any:
        """Mean squared difference of mixed scores, over pairs of tokens, heads and layers."""
        mask = tf.cast(student.mask, tf.float32)
        both = mask[:, None, :, None] * mask[:, None, None, :]
        count = tf.reduce_sum(both)
        total = 0.0
        # One is put before the layers, as the embeddings stand before the states. A student that is
        # deeper than its teacher finds the teacher's first layer there.
        for place, (ours, theirs) in enumerate(
            _matched(
                [None, *student.attention_scores],
                [teacher.attention_scores[0], *teacher.attention_scores],
            )[1:]
        ):
            mixed = tf.einsum("bsij,st->btij", ours, self.parameters[f"attention.{place}"])
            squares = tf.square(mixed - tf.stop_gradient(theirs))
            total += tf.reduce_sum(squares * both) / (count * squares.shape[1])
        return total / len(student.attention_scores)


def soft_cross_entropy(logits: Any, scores: Any, temperature: float) -> Any:
    """Cross-entropy of softened distributions [B], times the temperature squared."""
    target = tf.nn.softmax(scores / temperature)
    found = tf.nn.log_softmax(logits / temperature)
    return -(temperature**2) * tf.reduce_sum(target * found, axis=-1)


def soft_sigmoid_cross_entropy(logits: Any, scores: Any, temperature: float) -> Any:
    """The same of independent labels, the mean over them [B]."""
    losses = tf.nn.sigmoid_cross_entropy_with_logits(
        tf.sigmoid(scores / temperature), logits / temperature
    )
    return (temperature**2) * tf.reduce_mean(losses, axis=-1)


def _matched(ours: list[Any], theirs: list[Any]) -> list[tuple[Any, Any]]:
    """Each state of the student with the teacher's at the same share of the depth."""
    steps, deep = len(ours) - 1, len(theirs) - 1
    return [(each, theirs[place * deep // steps]) for place, each in enumerate(ours)]


def _projections(student: BertConfig, teacher: BertConfig, seed: int) -> dict[str, Any]:
    """`hidden.i` [Hs, Ht] for L + 1 states, `attention.i` [As, At] for L layers."""
    random = np.random.default_rng((seed, 1))
    ours, theirs = student.hidden_size, teacher.hidden_size
    found = {}
    for place in range(student.num_hidden_layers + 1):
        start = np.eye(ours, dtype=np.float32)
        if ours != theirs:
            start = random.normal(0, ours**-0.5, (ours, theirs)).astype(np.float32)
        found[f"hidden.{place}"] = start
    heads, teacher_heads = student.num_attention_heads, teacher.num_attention_heads
    for place in range(student.num_hidden_layers):
        mixing = np.zeros((heads, teacher_heads), np.float32)
        mixing[np.arange(teacher_heads) * heads // teacher_heads, np.arange(teacher_heads)] = 1
        found[f"attention.{place}"] = mixing
    return {name: tf.Variable(value, name=name) for name, value in found.items()}
