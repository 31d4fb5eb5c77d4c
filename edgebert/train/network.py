"""BERT's forward pass in tf-keras, padded and differentiable: what is trained.

Written from the paper (arXiv 1810.04805). Variables have the canonical names and shapes of
`bert.weights`, so weights go in and out as they are, bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from edgebert.arrays import Array, Weights
from edgebert.bert.config import BertConfig
from edgebert.bert.weights import check_weights
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.head import Head
from edgebert.train.backend import keras, tf
from edgebert.train.dropout import NO_DROPOUT, Dropout
from edgebert.train.initialisation import check_trainable

Tensor: TypeAlias = Any
"""A `tf.Tensor`; TensorFlow has no types of its own."""

_MASK_VALUE = -1e9
"""Added to the scores of padding: their share becomes exactly 0 in float32."""


class ModelInputs(NamedTuple):
    """A padded batch; each int32 [B, n].

    Attributes:
        ids: of the tokens; any in the padding.
        mask: 1 for tokens, 0 for padding.
        segment_ids: 0 or 1.
    """

    ids: Tensor
    mask: Tensor
    segment_ids: Tensor


class EncoderOutput(NamedTuple):
    """All that the encoder computes, for heads and for distillation.

    Attributes:
        hidden_states: embeddings and the output of each layer, L + 1 of [B, n, H].
        attention_scores: scores of each layer before mask and softmax, L of [B, A, n, n].
        mask: as in `ModelInputs`.
    """

    hidden_states: list[Tensor]
    attention_scores: list[Tensor]
    mask: Tensor


class Network(keras.Model):
    """A plain BERT with the heads whose weights it was given.

    Args:
        config: of a plain BERT.
        weights: canonical; encoder and any heads.
        precision: of matrix products and activations; norms, softmax, loss and the variables
            themselves are float32.

    Attributes:
        parameters: variables that are trained, by canonical name.
        buffers: further ones, which are not trained, but change and are saved.

    Raises:
        EdgebertError: another family, or weights that do not fit.
    """

    traced_per_shape = False
    """Whether it must be traced for each shape of its inputs."""

    def __init__(self, config: BertConfig, weights: Weights, *, precision: str = "float32") -> None:
        super().__init__(name="bert")
        check_trainable(config)
        check_weights(weights, config)
        self.config = config
        self.buffers: Mapping[str, Any] = {}
        self._precision = tf.as_dtype(precision)
        self.parameters = {
            name: tf.Variable(np.asarray(array, np.float32), name=name)
            for name, array in weights.items()
        }

    def canonical_weights(self) -> dict[str, Array]:
        """The weights as they stand, under their canonical names."""
        return {name: variable.numpy() for name, variable in self.parameters.items()}

    def to_checkpoint(self, start: Checkpoint, found: Mapping[str, Array]) -> Checkpoint:
        """The checkpoint of a run: what it began with, with what `canonical_weights` gave."""
        return replace(start, weights=found, learned=None)

    def load(self, weights: Mapping[str, Array]) -> None:
        """Sets all weights; names and shapes must be those it was made with."""
        for name, variable in self.parameters.items():
            variable.assign(weights[name])

    def call(self, inputs: ModelInputs, dropout: Dropout = NO_DROPOUT) -> EncoderOutput:
        """Runs the encoder."""
        inputs = ModelInputs(*inputs)
        mask_bias = (1.0 - tf.cast(inputs.mask, tf.float32))[:, None, None, :] * _MASK_VALUE
        x = dropout(self._embed(inputs), 0)
        hidden_states, attention_scores = [x], []
        for layer in range(self.config.num_hidden_layers):
            x, scores = self._layer(x, mask_bias, layer, dropout)
            hidden_states.append(x)
            attention_scores.append(scores)
        return EncoderOutput(hidden_states, attention_scores, inputs.mask)

    def head(
        self,
        head: Head,
        encoded: EncoderOutput,
        dropout: Dropout = NO_DROPOUT,
        positions: Tensor | None = None,
    ) -> Tensor:
        """What a head makes of the encoder's output, in float32.

        Args:
            head: the task, and how a sentence vector is made.
            encoded: from a call.
            dropout: as in the call.
            positions: of fill-mask: tokens to answer for, int32 [B, m]; None: all of them.

        Returns:
            classify and regress: logits [B, K]; tag and answer: [B, n, K]; embed: vectors [B, H];
            encode: the last hidden state [B, n, H]; fill-mask: logits [B, m, V].
        """
        last = encoded.hidden_states[-1]
        site = 3 * self.config.num_hidden_layers + 1
        if head.task in ("classify", "regress"):
            return self._logits(dropout(self._pool(last[:, 0]), site), "classifier")
        if head.task in ("tag", "answer"):
            name = {"tag": "tagger", "answer": "answerer"}[head.task]
            return self._logits(dropout(last, site), name)
        if head.task == "embed":
            return _sentence_vector(tf.cast(last, tf.float32), encoded.mask, head)
        if head.task == "fill-mask":
            return self._mlm_logits(last, positions)
        return tf.cast(last, tf.float32)

    def next_sentence(self, encoded: EncoderOutput) -> Tensor:
        """Logits [B, 2] of the second segment following the first, or being a random one."""
        return self._logits(self._pool(encoded.hidden_states[-1][:, 0]), "nsp")

    def _embed(self, inputs: ModelInputs) -> Tensor:
        length = tf.shape(inputs.ids)[1]
        x = tf.gather(self.parameters["embeddings.word"], inputs.ids)
        x += self.parameters["embeddings.position"][:length]
        if self.config.type_vocab_size:
            x += tf.gather(self.parameters["embeddings.segment"], inputs.segment_ids)
        return self._norm(x, "embeddings.norm")

    def _layer(
        self, x: Tensor, mask_bias: Tensor, layer: int, dropout: Dropout
    ) -> tuple[Tensor, Tensor]:
        """One layer's output [B, n, H] and attention scores [B, A, n, n]."""
        p, site = f"layers.{layer}", 3 * layer + 1
        query, key, value = (
            self._heads(self._dense(x, f"{p}.attention.{part}"))
            for part in ("query", "key", "value")
        )
        scores = tf.matmul(query, key, transpose_b=True)
        scores = tf.cast(scores, tf.float32) / math.sqrt(self.config.head_size)
        probabilities = dropout(tf.nn.softmax(scores + mask_bias), site)
        context = tf.transpose(tf.matmul(self._cast(probabilities), value), [0, 2, 1, 3])
        context = self._dense(tf.reshape(context, tf.shape(x)), f"{p}.attention.output")
        x = self._norm(x + dropout(context, site + 1), f"{p}.attention.norm")
        inner = self._activate(self._dense(x, f"{p}.ffn.intermediate"))
        inner = self._dense(inner, f"{p}.ffn.output")
        return self._norm(x + dropout(inner, site + 2), f"{p}.ffn.norm"), scores

    def _heads(self, x: Tensor) -> Tensor:
        """[B, n, H] as [B, A, n, H / A]."""
        shape = tf.shape(x)
        heads, size = self.config.num_attention_heads, self.config.head_size
        return tf.transpose(tf.reshape(x, [shape[0], shape[1], heads, size]), [0, 2, 1, 3])

    def _dense(self, x: Tensor, name: str) -> Tensor:
        weight, bias = self.parameters[f"{name}.weight"], self.parameters[f"{name}.bias"]
        return linear(x, self._cast(weight)) + self._cast(bias)

    def _norm(self, x: Tensor, name: str) -> Tensor:
        x = tf.cast(x, tf.float32)
        mean, variance = tf.nn.moments(x, axes=[-1], keepdims=True)
        x = (x - mean) * tf.math.rsqrt(variance + self.config.layer_norm_eps)
        return self._cast(x * self.parameters[f"{name}.weight"] + self.parameters[f"{name}.bias"])

    def _activate(self, x: Tensor) -> Tensor:
        if self.config.hidden_act == "relu":
            return tf.nn.relu(x)
        return tf.nn.gelu(x, approximate=self.config.hidden_act == "gelu_tanh")

    def _pool(self, first: Tensor) -> Tensor:
        return tf.tanh(self._dense(first, "pooler"))

    def _logits(self, x: Tensor, name: str) -> Tensor:
        return tf.cast(self._dense(x, name), tf.float32)

    def _mlm_logits(self, last: Tensor, positions: Tensor | None) -> Tensor:
        rows = last if positions is None else tf.gather(last, positions, batch_dims=1)
        rows = self._norm(self._activate(self._dense(rows, "mlm.transform")), "mlm.norm")
        words = self._cast(self.parameters["embeddings.word"])
        logits = linear(rows, words)
        return tf.cast(logits, tf.float32) + self.parameters["mlm.bias"]

    def _cast(self, x: Tensor) -> Tensor:
        return tf.cast(x, self._precision)


def linear(x: Tensor, weight: Tensor) -> Tensor:
    """X [..., in] times a weight [out, in]: [..., out].

    As one product of two matrices. Of more axes `tf.matmul` makes a product a text, and worse, a
    gradient of the weight a text, which are added up afterwards.
    """
    rows = tf.matmul(tf.reshape(x, [-1, x.shape[-1]]), weight, transpose_b=True)
    return tf.reshape(rows, tf.concat([tf.shape(x)[:-1], [weight.shape[0]]], 0))


def _sentence_vector(last: Tensor, mask: Tensor, head: Head) -> Tensor:
    vector = last[:, 0]
    if head.pooling == "mean":
        tokens = tf.cast(mask, tf.float32)[:, :, None]
        vector = tf.reduce_sum(last * tokens, axis=1) / tf.reduce_sum(tokens, axis=1)
    return tf.nn.l2_normalize(vector, axis=-1) if head.normalize else vector
