"""Hidden states as the teacher's, as TinyBERT (Jiao et al. 2019, arXiv 1909.10351).

The student's are projected by learned matrices, so that widths may differ.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgebert.bert.config import BertConfig
from edgebert.train.backend import tf
from edgebert.train.distillation.auxiliary import Outputs, aligned_layers
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
        states = aligned_layers(student.hidden_states, teacher.hidden_states)
        for place, (own, wanted) in enumerate(states):
            projection = tf.transpose(self.parameters[f"hidden.{place}"])
            projected = linear(tf.cast(own, tf.float32), projection)
            squares = tf.square(projected - tf.stop_gradient(tf.cast(wanted, tf.float32)))
            total += tf.reduce_sum(squares * tokens) / (count * squares.shape[-1])
        return total / len(student.hidden_states)
