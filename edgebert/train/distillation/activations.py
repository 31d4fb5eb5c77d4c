"""Hidden states and attention scores as the teacher's, after TinyBERT (arXiv 1909.10351).

Each has learned matrices, so that widths and numbers of heads may differ.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgebert.bert.config import BertConfig
from edgebert.train.backend import tf
from edgebert.train.distillation.objective import Outputs
from edgebert.train.network import linear


class HiddenStateLoss:
    """Mean squared difference of projected states, over tokens, widths and aligned states.

    Attributes:
        parameters: `hidden.i` [Hs, Ht], a projection for each of L + 1 states.
    """

    def __init__(self, student: BertConfig, teacher: BertConfig, seed: int) -> None:
        random = np.random.default_rng((seed, 1))
        width, teacher_width = student.hidden_size, teacher.hidden_size
        self.parameters: dict[str, Any] = {}
        for place in range(student.num_hidden_layers + 1):
            projection = np.eye(width)
            if width != teacher_width:
                projection = random.normal(0, width**-0.5, (width, teacher_width))
            name = f"hidden.{place}"
            self.parameters[name] = tf.Variable(projection.astype(np.float32), name=name)

    def __call__(self, outputs: Outputs) -> Any:
        """See the class."""
        student, teacher = outputs.activations()
        tokens = tf.cast(student.mask, tf.float32)[:, :, None]
        count = tf.reduce_sum(tokens)
        total = 0.0
        states = _aligned(student.hidden_states, teacher.hidden_states)
        for place, (own, wanted) in enumerate(states):
            projection = tf.transpose(self.parameters[f"hidden.{place}"])
            projected = linear(tf.cast(own, tf.float32), projection)
            squares = tf.square(projected - tf.stop_gradient(tf.cast(wanted, tf.float32)))
            total += tf.reduce_sum(squares * tokens) / (count * squares.shape[-1])
        return total / len(student.hidden_states)


class AttentionLoss:
    """Mean squared difference of mixed scores, over pairs of tokens, heads and layers.

    Attributes:
        parameters: `attention.i` [As, At], a mixing matrix for each of L layers.
    """

    def __init__(self, student: BertConfig, teacher: BertConfig, seed: int) -> None:
        heads, teacher_heads = student.num_attention_heads, teacher.num_attention_heads
        mixing = np.zeros((heads, teacher_heads), np.float32)
        columns = np.arange(teacher_heads)
        mixing[columns * heads // teacher_heads, columns] = 1
        names = [f"attention.{place}" for place in range(student.num_hidden_layers)]
        self.parameters: dict[str, Any] = {name: tf.Variable(mixing, name=name) for name in names}

    def __call__(self, outputs: Outputs) -> Any:
        """See the class."""
        student, teacher = outputs.activations()
        mask = tf.cast(student.mask, tf.float32)
        both = mask[:, None, :, None] * mask[:, None, None, :]
        count = tf.reduce_sum(both)
        total = 0.0
        # One is put before the layers, as the embeddings stand before the states. A student that is
        # deeper than its teacher finds the teacher's first layer there.
        scores = teacher.attention_scores
        layers = _aligned([None, *student.attention_scores], [scores[0], *scores])[1:]
        for place, (own, wanted) in enumerate(layers):
            mixed = tf.einsum("bsij,st->btij", own, self.parameters[f"attention.{place}"])
            squares = tf.square(mixed - tf.stop_gradient(wanted))
            total += tf.reduce_sum(squares * both) / (count * squares.shape[1])
        return total / len(student.attention_scores)


def _aligned(student: list[Any], teacher: list[Any]) -> list[tuple[Any, Any]]:
    """Each state of the student with the teacher's at the same share of the depth."""
    steps, depth = len(student) - 1, len(teacher) - 1
    return [(each, teacher[place * depth // steps]) for place, each in enumerate(student)]
