"""Attention scores as the teacher's, as TinyBERT (Jiao et al. 2019, arXiv 1909.10351).

The student's heads are mixed by learned matrices, so that numbers of heads may differ.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgebert.bert.config import BertConfig
from edgebert.train.backend import tf
from edgebert.train.distillation.auxiliary import Outputs, aligned_layers


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
        layers = aligned_layers([None, *student.attention_scores], [scores[0], *scores])[1:]
        for place, (own, wanted) in enumerate(layers):
            mixed = tf.einsum("bsij,st->btij", own, self.parameters[f"attention.{place}"])
            squares = tf.square(mixed - tf.stop_gradient(wanted))
            total += tf.reduce_sum(squares * both) / (count * squares.shape[1])
        return total / len(student.attention_scores)
