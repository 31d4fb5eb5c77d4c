"""Computes the graph of a full-integer file in TensorFlow, value by value, a batch at a time."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgebert.bert.config import Activation
from edgebert.converter.full_integer.calibrate import CONTEXT, MASKED, NEGLIGIBLE, PLACES
from edgebert.converter.full_integer.convert import headroom
from edgebert.converter.full_integer.storage import constant_of, representable_range
from edgebert.converter.full_integer.storage import fixed as fixed_storage
from edgebert.converter.full_integer.value_ops import TOKENS
from edgebert.train.backend import tf
from edgebert.train.dropout import Dropout
from edgebert.train.network import ModelInputs, linear
from edgebert.train.qat.quantisers import Quantisers, fixed
from edgebert.train.qat.tensor_array import TensorArray, tensor_of

_PLACED = ("embeddings", PLACES)
"""Values to which positions are added."""

_LEAST_VARIANCE = 1e-12
"""int8 keeps small variances as 0, which has no inverse root; int8's is the largest it can keep."""


@dataclass(frozen=True)
class Rounded:
    """A value of the graph.

    Attributes:
        value: [B, *shape].
        shape: in the graph of one text.
        name: whose range it is kept in.
    """

    value: Any
    shape: tuple[int, ...]
    name: str = ""


class RoundingEmitter:
    """Stands for `full_integer.emitter.Emitter`: every value is rounded as the file will keep it.

    Args:
        weights: by name, those of a transformed model.
        inputs: a batch.
        quantisers: with the ranges of all values.
        longest: tokens of the longest input.
        dropout: on the shares of attention and on what a classifier reads; a key means that the
            ranges are updated by what is computed.
    """

    def __init__(
        self,
        weights: Mapping[str, Any],
        inputs: ModelInputs,
        quantisers: Quantisers,
        longest: int,
        dropout: Dropout,
    ) -> None:
        self._weights = weights
        self._inputs = inputs._asdict()
        self._is_token = tf.cast(inputs.mask, tf.bool)
        self._length = inputs.ids.shape[1]
        self._quantisers = quantisers
        self._longest = longest
        self._dropout = dropout
        self._updates_ranges = dropout.key is not None
        self._context: Any = None
        self._sites = itertools.count()
        self.result: Any = None

    def input(self, name: str, length: int) -> Rounded:
        """An input."""
        return Rounded(self._inputs[name], (length,))

    def output(self, name: str, x: Rounded) -> None:
        """Keeps the output as `result`."""
        self.result = x.value

    # Values

    def add(self, name: str, a: Rounded, b: Any, tokens: tuple[int, ...] = TOKENS) -> Rounded:
        """Element-wise sum."""
        return self._named(name, a.value + self._operand(name, b), tokens)

    def sub(self, name: str, a: Rounded, b: Any) -> Rounded:
        """Element-wise difference."""
        return self._named(name, a.value - self._operand(name, b))

    def mul(self, name: str, a: Rounded, b: Any) -> Rounded:
        """Element-wise product."""
        return self._named(name, a.value * self._operand(name, b))

    def mean(self, name: str, x: Rounded) -> Rounded:
        """Mean over the last axis."""
        return self._named(name, tf.reduce_mean(x.value, axis=-1, keepdims=True))

    def rsqrt(self, name: str, x: Rounded) -> Rounded:
        """1 / sqrt(x)."""
        return self._named(name, tf.math.rsqrt(tf.maximum(x.value, _LEAST_VARIANCE)))

    def tanh(self, name: str, x: Rounded) -> Rounded:
        """Hyperbolic tangent."""
        return Rounded(_fixed("tanh", tf.tanh(x.value)), x.shape, name)

    def softmax(self, name: str, x: Rounded, tokens: tuple[int, ...]) -> Rounded:
        """Softmax over the last axis."""
        return Rounded(_fixed("softmax", tf.nn.softmax(x.value)), x.shape, name)

    def activation(self, name: str, x: Rounded, kind: Activation) -> Rounded:
        """GELU in either form, or ReLU."""
        if kind == "relu":
            return self._named(name, tf.nn.relu(x.value))
        return self._named(name, tf.nn.gelu(x.value, approximate=kind == "gelu_tanh"))

    def matmul(
        self,
        name: str,
        a: Rounded,
        b: Rounded,
        *,
        transpose_b: bool = False,
        tokens: tuple[int, ...] = TOKENS,
    ) -> Rounded:
        """Product of two values, plane by plane."""
        if transpose_b and a.shape[-2] == b.shape[-2] == 1:
            product = tf.reduce_sum(a.value * b.value, axis=-1, keepdims=True)
        else:
            product = tf.matmul(a.value, b.value, transpose_b=transpose_b)
        return self._named(name, product, tokens)

    def dense(
        self,
        name: str,
        x: Rounded,
        matrix: str,
        *,
        biased: bool = True,
        like: Rounded | None = None,
    ) -> Rounded:
        """A dense layer by the name of its weights; `like` shares its range with the result."""
        bias = self._weights.get(f"{matrix}.bias") if biased else None
        weight = self._weights[f"{matrix}.weight"]
        if like is not None:
            return self._joined(name, self._product(name, x, weight, bias), like)
        return self.dense_of(name, x, matrix, weight, bias)

    def dense_of(
        self, name: str, x: Rounded, matrix: str, weight: Any, bias: Any = None
    ) -> Rounded:
        """A dense layer."""
        return self._named(name, self._product(name, x, weight, bias))

    def gather(self, name: str, table: str | Any, rows: Rounded) -> Rounded:
        """Rows of a table, kept as the table is."""
        if isinstance(table, str):
            whole = tensor_of(self._weights[table])
            found = self._quantisers.table(table, whole)(tf.gather(whole, rows.value))
        else:
            found = tf.gather(_constant(table), rows.value)
        return Rounded(found, tuple(found.shape[1:]), name)

    def times_table(self, name: str, x: Rounded, table: str, rows: str, bias: str) -> Rounded:
        """Products with each row of a table [V, H], times `rows` [V, 1], plus a bias [V]."""
        whole = tensor_of(self._weights[table])
        product = linear(x.value, self._quantisers.table(table, whole)(whole))
        scaled = product * tf.reshape(tensor_of(self._weights[rows]), [-1])
        return self._named(name, scaled + tensor_of(self._weights[bias]))

    def pick(self, name: str, x: Rounded, rows: Rounded) -> Rounded:
        """Rows of a value, by number."""
        found = tf.gather(x.value, rows.value, batch_dims=1)
        return Rounded(found, (rows.shape[0], *x.shape[1:]), name)

    def first(self, x: Rounded) -> Rounded:
        """The first row of a value [n, 1, H]."""
        return Rounded(x.value[:, :1], (1, *x.shape[1:]), x.name)

    def concatenate(self, a: Rounded, b: Rounded) -> Rounded:
        """Both along the last axis."""
        value = tf.concat([a.value, b.value], axis=-1)
        return Rounded(value, tuple(value.shape[1:]), a.name)

    def reshape(self, x: Rounded, shape: tuple[int, ...]) -> Rounded:
        """The same numbers in another shape."""
        return Rounded(tf.reshape(x.value, [-1, *shape]), shape, x.name)

    def transpose(self, x: Rounded, permutation: tuple[int, ...]) -> Rounded:
        """Permutes the axes."""
        axes = [0, *(axis + 1 for axis in permutation)]
        return Rounded(tf.transpose(x.value, axes), tuple(x.shape[a] for a in permutation), x.name)

    def dropout(self, x: Rounded) -> Rounded:
        """Sets a share of the elements to 0, where there is a key for it."""
        return Rounded(self._dropout(x.value, next(self._sites)), x.shape, x.name)

    # Rounding

    def _product(self, name: str, x: Rounded, weight: Any, bias: Any) -> Any:
        matrix = self._quantisers.rows(f"{name}.matrix", tensor_of(weight))
        product = linear(x.value, matrix)
        return product if bias is None else product + tensor_of(bias)

    def _operand(self, name: str, x: Any) -> Any:
        """A value as it is; a constant as int8 keeps it."""
        if isinstance(x, Rounded):
            return x.value
        if not isinstance(x, TensorArray):
            return _constant(x)
        whole = x
        if name in _PLACED:  # the file has a longer constant, and one range for all of it
            whole = self._weights["embeddings.position"][: self._longest]
        return self._quantisers.table(f"{name}.constant", whole.tensor)(x.tensor)

    def _named(self, name: str, value: Any, tokens: tuple[int, ...] = TOKENS) -> Rounded:
        quantiser = self._quantisers.value(name)
        if name.endswith(CONTEXT):
            self._context = value, tokens  # observed together with what shares its range
        elif self._updates_ranges:
            quantiser.observe(self._observed(name, value, tokens))
        return Rounded(quantiser(value), tuple(value.shape[1:]), name)

    def _joined(self, name: str, value: Any, like: Rounded) -> Rounded:
        """A value in the range of a context, which follows both."""
        quantiser = self._quantisers.value(like.name)
        if self._updates_ranges:
            both = self._observed(like.name, *self._context), self._observed(name, value, TOKENS)
            quantiser.observe(tf.concat([tf.reshape(each, [-1]) for each in both], 0))
        return Rounded(quantiser(value), tuple(value.shape[1:]), name)

    def _observed(self, name: str, value: Any, tokens: tuple[int, ...]) -> Any:
        """The numbers that decide the range of a value: those of real tokens, and 0."""
        if name.endswith(MASKED):
            return self._max_scores(value)
        if name == PLACES:
            return self._places()
        for axis in tokens:
            if value.shape[axis + 1] == self._length:
                value = tf.where(self._is_token_along(axis, value), value, 0.0)
        return value * headroom(name, self._longest)

    def _places(self) -> Any:
        """All that positions and segments can add up to: texts may have had no pairs."""
        segments = tensor_of(self._weights["embeddings.segment"])
        positions = tensor_of(self._weights["embeddings.position"][: self._longest])
        return positions[None] + segments[:, None]

    def _max_scores(self, scores: Any) -> Any:
        """The best score of each row of masked scores [B, A, m, n], and what is negligible."""
        best = tf.reduce_max(
            tf.where(self._is_token_along(2, scores), scores, scores.dtype.min), -1
        )
        if best.shape[2] == self._length:
            best = tf.where(self._is_token[:, None, :], best, best[:, :, :1])
        return tf.stack([tf.reduce_min(best) - NEGLIGIBLE, tf.reduce_max(best)])

    def _is_token_along(self, axis: int, value: Any) -> Any:
        """Which numbers of a value are of real tokens, by an axis of its graph."""
        sizes = [self._length if at == axis else 1 for at in range(len(value.shape) - 1)]
        return tf.reshape(self._is_token, [-1, *sizes])


def _fixed(op: str, x: Any) -> Any:
    return fixed(x, *representable_range(fixed_storage(op, "int8")))


def _constant(values: Any) -> Any:
    """A constant that is not trained, as int8 keeps it."""
    kept = constant_of(np.asarray(values, np.float32), "int8")
    return tf.constant(kept.values * kept.scale)
