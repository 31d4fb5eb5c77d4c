"""The objective of a distillation: be like the teacher, in what it says and perhaps how.

Soft labels as in Hinton et al. 2015 (arXiv 1503.02531); hidden states and attention as in TinyBERT
(Jiao et al. 2019, arXiv 1909.10351), with learned projections, so that widths and numbers of heads
may differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgebert.bert.config import BertConfig
from edgebert.converter.head import Head
from edgebert.errors import EdgebertError
from edgebert.train.backend import tf
from edgebert.train.defaults import TEMPERATURE
from edgebert.train.dropout import Dropout
from edgebert.train.examples import IGNORED
from edgebert.train.losses import inputs_of
from edgebert.train.network import Encoded, Network, by_rows

TEACHER = "teacher"
"""The teacher's scores in a batch, float32 [B, K]."""


@dataclass(frozen=True)
class Mix:
    """What the loss is made of.

    Attributes:
        temperature: both distributions are softened by it; the loss grows by its square, so that
            the gradient does not shrink.
        hard: share of the loss on right labels, for texts that have one; None: as many as is usual
            (see `train.defaults`).
        hidden: weight of the hidden states' difference.
        attention: weight of the attention scores' difference.

    Raises:
        EdgebertError: a value is out of range.
    """

    temperature: float = TEMPERATURE
    hard: float | None = None
    hidden: float = 0.0
    attention: float = 0.0

    def __post_init__(self) -> None:
        ranges = {"temperature": (0.1, 100), "hard": (0, 1), "hidden": (0, 1e4)}
        for name, (low, high) in {**ranges, "attention": (0, 1e4)}.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise EdgebertError(
                    f"{name} is {value:g}; a number from {low:g} to {high:g} is needed"
                )

    @property
    def looks_inside(self) -> bool:
        """Whether the teacher must be run beside the student."""
        return self.hidden > 0 or self.attention > 0


class Distillation:
    """Mean loss of a batch with the teacher's scores, and right labels where there are any.

    Args:
        head: of the student: classify, regress or embed.
        mix: what the loss is made of.
        student: config.
        teacher: to be run beside the student; needed where `mix` looks inside it.
        seed: of the projections.
    """

    def __init__(
        self,
        head: Head,
        mix: Mix,
        student: BertConfig,
        teacher: Network | None = None,
        seed: int = 0,
    ) -> None:
        self._head, self._mix = head, mix
        self._teacher = teacher if mix.looks_inside else None
        self.by_name: dict[str, Any] = {}
        if self._teacher is not None:
            self.by_name = _projections(student, self._teacher.config, seed)

    def __call__(self, network: Network, batch: Mapping[str, Any], dropout: Dropout) -> Any:
        """See the class."""
        encoded = network(inputs_of(batch), dropout)
        logits = network.head(self._head, encoded, dropout)
        loss = self._said(logits, batch)
        if self._teacher is not None:
            inside = self._teacher(inputs_of(batch))
            loss += self._mix.hidden * self._hidden(encoded, inside)
            loss += self._mix.attention * self._attention(encoded, inside)
        return loss

    def _said(self, logits: Any, batch: Mapping[str, Any]) -> Any:
        scores, target = batch[TEACHER], batch["target"]
        if self._head.task == "embed":
            return tf.reduce_mean(tf.reduce_sum(tf.square(logits - scores), axis=-1))
        if self._head.task == "regress":
            soft = tf.square(logits - scores)[:, 0]
            known = tf.logical_not(tf.math.is_nan(target))
            right = tf.square(logits[:, 0] - tf.where(known, target, 0.0))
        elif self._head.multi_label:
            soft = soft_sigmoid_cross_entropy(logits, scores, self._mix.temperature)
            known = tf.not_equal(target[:, 0], IGNORED)
            losses = tf.nn.sigmoid_cross_entropy_with_logits(target, logits)
            right = tf.reduce_mean(losses, axis=-1)
        else:
            soft = soft_cross_entropy(logits, scores, self._mix.temperature)
            known = tf.not_equal(target, IGNORED)
            right = tf.nn.sparse_softmax_cross_entropy_with_logits(
                tf.where(known, target, 0), logits
            )
        share = (self._mix.hard or 0.0) * tf.cast(known, tf.float32)
        return tf.reduce_mean((1 - share) * soft + share * right)

    def _hidden(self, student: Encoded, teacher: Encoded) -> Any:
        """Mean squared difference of projected states, over tokens, widths and matched states."""
        tokens = tf.cast(student.mask, tf.float32)[:, :, None]
        count = tf.reduce_sum(tokens)
        total = 0.0
        for place, (ours, theirs) in enumerate(_matched(student.states, teacher.states)):
            projection = tf.transpose(self.by_name[f"hidden.{place}"])
            projected = by_rows(tf.cast(ours, tf.float32), projection)
            squares = tf.square(projected - tf.stop_gradient(tf.cast(theirs, tf.float32)))
            total += tf.reduce_sum(squares * tokens) / (count * squares.shape[-1])
        return total / len(student.states)

    def _attention(self, student: Encoded, teacher: Encoded) -> Any:
        """Mean squared difference of mixed scores, over pairs of tokens, heads and layers."""
        mask = tf.cast(student.mask, tf.float32)
        both = mask[:, None, :, None] * mask[:, None, None, :]
        count = tf.reduce_sum(both)
        total = 0.0
        # One is put before the layers, as the embeddings stand before the states. A student that is
        # deeper than its teacher finds the teacher's first layer there.
        for place, (ours, theirs) in enumerate(
            _matched([None, *student.attention], [teacher.attention[0], *teacher.attention])[1:]
        ):
            mixed = tf.einsum("bsij,st->btij", ours, self.by_name[f"attention.{place}"])
            squares = tf.square(mixed - tf.stop_gradient(theirs))
            total += tf.reduce_sum(squares * both) / (count * squares.shape[1])
        return total / len(student.attention)


def soft_cross_entropy(logits: Any, scores: Any, temperature: float) -> Any:
    """Cross-entropy of softened distributions [B], times the temperature squared."""
    wanted = tf.nn.softmax(scores / temperature)
    found = tf.nn.log_softmax(logits / temperature)
    return -(temperature**2) * tf.reduce_sum(wanted * found, axis=-1)


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
    heads, wanted = student.num_attention_heads, teacher.num_attention_heads
    for place in range(student.num_hidden_layers):
        mixing = np.zeros((heads, wanted), np.float32)
        mixing[np.arange(wanted) * heads // wanted, np.arange(wanted)] = 1
        found[f"attention.{place}"] = mixing
    return {name: tf.Variable(value, name=name) for name, value in found.items()}
