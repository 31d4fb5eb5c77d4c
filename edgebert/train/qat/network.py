"""From the output of a converter's graph, with a first axis for the batch, to what losses read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from edgebert.converter.head import Head
from edgebert.train.backend import tf


def logits_head(head: Head) -> Head:
    """The head without what would turn logits into probabilities."""
    return replace(head, task="regress") if head.task == "classify" else head


def output_of(head: Head, output: Any) -> Any:
    """What `Network.head` gives: [B, 1, …] without the 1, vectors of length 1 where asked for."""
    rows = tf.squeeze(output, axis=1)
    normalises = head.task == "embed" and head.normalize
    return tf.nn.l2_normalize(rows, axis=-1) if normalises else rows
