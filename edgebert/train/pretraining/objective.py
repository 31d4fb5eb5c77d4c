"""The loss of pre-training: the hidden tokens, and of pairs whether one follows the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgebert.converter.head import Head
from edgebert.train.backend import tf
from edgebert.train.dropout import Dropout
from edgebert.train.losses import model_inputs, token_cross_entropy
from edgebert.train.network import Network
from edgebert.train.pretraining.inputs import IS_RANDOM_NEXT

_MASKED = Head("fill-mask")


@dataclass(frozen=True)
class PretrainObjective:
    """Mean cross-entropy of the hidden tokens; of sentence pairs, that of their order is added.

    Attributes:
        parameters: no variables of its own.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, network: Network, batch: Mapping[str, Any], dropout: Dropout) -> Any:
        """The mean loss of a batch (`MaskedInputs.batch`)."""
        encoded = network(model_inputs(batch), dropout)
        logits = network.head(_MASKED, encoded, dropout, batch["positions"])
        loss = token_cross_entropy(logits, batch)
        if IS_RANDOM_NEXT in batch:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
                batch[IS_RANDOM_NEXT], network.next_sentence(encoded)
            )
            loss += tf.reduce_mean(losses)
        return loss
