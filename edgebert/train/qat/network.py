"""The network of quantisation-aware training: it computes a whole graph of the converter."""

from __future__ import annotations

from typing import Any

from edgebert.arrays import Weights
from edgebert.bert.config import BertConfig
from edgebert.converter.head import Head
from edgebert.train.backend import tf
from edgebert.train.network import EncoderOutput, ModelInputs, Network
from edgebert.train.qat.quantisers import Quantisers
from edgebert.train.qat.tensor_array import TensorArray


class QatNetwork(Network):
    """A network for one task, whose `call` gives the output of the task's graph.

    Args:
        config: of a plain BERT.
        weights: canonical.
        head: what is computed.
        quantisers: of its weights and values.
    """

    def __init__(
        self, config: BertConfig, weights: Weights, head: Head, quantisers: Quantisers
    ) -> None:
        super().__init__(config, weights)
        self._head, self._quantisers = head, quantisers

    def head(self, head: Head, encoded: EncoderOutput, *rest: Any, **options: Any) -> Any:
        """As `Network.head`, from the graph's [B, 1, …]; only for the head it was made for."""
        rows = tf.squeeze(encoded.hidden_states[-1], axis=1)
        normalises = head.task == "embed" and head.normalize
        return tf.nn.l2_normalize(rows, axis=-1) if normalises else rows

    def _make_quantisers(self, length: int) -> None:
        """Runs once: they are made when first used, which is not possible while compiling."""
        some = tf.ones([1, length], tf.int32)
        self(ModelInputs(some, some, some))

    def _arrays(self) -> dict[str, TensorArray]:
        """The parameters, for the converter's functions on weights."""
        return {name: TensorArray(variable) for name, variable in self.parameters.items()}
