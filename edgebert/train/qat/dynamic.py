"""What an `int8` file computes, in TensorFlow: the converter's own graph, a batch at a time.

Matrices are rounded for each output channel after all that the converter folds and joins, tables by
one scale, and what a matrix reads by one range a token, which is found while running.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgebert.converter.bert_graph import rewrite, write_graph
from edgebert.converter.builder import Builder
from edgebert.converter.graph import DYNAMIC, broadcast
from edgebert.converter.graph_ops import GraphOps
from edgebert.converter.head import Head
from edgebert.converter.quantize import Quantized
from edgebert.converter.weight_storage import SMALL_MATRIX
from edgebert.train.backend import tf
from edgebert.train.dropout import NO_DROPOUT, Dropout
from edgebert.train.network import EncoderOutput, ModelInputs, linear
from edgebert.train.qat.network import QatNetwork
from edgebert.train.qat.quantisers import Quantisers, per_token
from edgebert.train.qat.tensor_array import TensorArray, as_weights, tensor_of


class DynamicNetwork(QatNetwork):
    """A network for one task, rounded as an `int8` file of it is.

    Args:
        config: of a plain BERT.
        weights: canonical.
        head: what is computed.
        max_length: most tokens of an input: positions beyond are not in the file.

    Raises:
        EdgebertError: as `Network`.
    """

    def __init__(self, config: Any, weights: Any, head: Head, max_length: int) -> None:
        super().__init__(config, weights, head, Quantisers({}))
        self._max_length = max_length
        self._make_quantisers(1)

    def call(self, inputs: ModelInputs, dropout: Dropout = NO_DROPOUT) -> EncoderOutput:
        """Runs all of the model, the head too."""
        inputs = ModelInputs(*inputs)
        arrays = self._arrays()
        places = "embeddings.position"
        arrays[places] = TensorArray(arrays[places].tensor[: self._max_length])
        graph = _Graph(inputs, dropout)
        weights = rewrite(as_weights(arrays), self.config, self._head, equalize=True)
        builder: Builder[_Tensor] = Builder(self.config, weights, _Int8(self._quantisers), graph)
        write_graph(builder, _without_softmax(self._head))
        return EncoderOutput([graph.result], [], inputs.mask)


def _without_softmax(head: Head) -> Head:
    """The head without what would turn logits into probabilities."""
    return replace(head, task="regress") if head.task == "classify" else head


@dataclass(frozen=True)
class _Tensor:
    """A tensor of the graph: its sizes there, and what it holds, for each text of the batch.

    Constants have no axis for the batch; they take part by broadcasting.

    Attributes:
        rounded: of a table, what rounds its rows when they are read.
    """

    value: Any
    shape: tuple[int, ...]
    rounded: Callable[[Any], Any] = lambda rows: rows


@dataclass(frozen=True)
class _Int8:
    """Computes with weights as the recipe int8 stores them (`weight_storage.WeightStorage`)."""

    quantisers: Quantisers
    repeats: bool = False

    def stored(self, weight: Any) -> Any:
        return weight

    def dense(
        self, graph: GraphOps[_Tensor], x: _Tensor, stored: Any, bias: Any, name: str
    ) -> _Tensor:
        matrix, rows = tensor_of(stored), x.value
        if len(stored) > SMALL_MATRIX:
            matrix, rows = self.quantisers.rows(name, matrix), per_token(rows)
        product = linear(rows, matrix)
        value = product if bias is None else product + tensor_of(bias)
        return _Tensor(value, (*x.shape[:-1], len(stored)))

    def stored_table(self, weight: Any, name: str) -> Any:
        return weight

    def table(self, graph: GraphOps[_Tensor], weight: Any, name: str) -> _Tensor:
        table = tensor_of(weight)
        return _Tensor(table, tuple(table.shape), self.quantisers.table(name, table))

    def times_table(
        self, graph: GraphOps[_Tensor], x: _Tensor, table: _Tensor, bias: _Tensor | None
    ) -> _Tensor:
        rounded = _Tensor(table.rounded(table.value), table.shape)
        return graph.fully_connected(_Tensor(per_token(x.value), x.shape), rounded, bias)


class _Graph:
    """Computes at once what `graph.Graph` writes down; dropout drops where there is a key."""

    def __init__(self, inputs: ModelInputs, dropout: Dropout) -> None:
        self._inputs: Mapping[str, Any] = inputs._asdict()
        self._length = tf.shape(inputs.ids)[1]
        self._dropout = dropout
        self._sites = itertools.count()
        self.result: Any = None

    def input(self, name: str, shape: tuple[int, ...], dtype: Any) -> _Tensor:
        return _Tensor(self._inputs[name][:, None, :], shape)

    def output(self, name: str, tensor: _Tensor) -> None:
        self.result = tensor.value

    def constant(self, value: Any, name: str = "") -> _Tensor:
        if isinstance(value, Quantized):
            value = value.values * value.scale[:, None]
        whole = not isinstance(value, TensorArray) and np.asarray(value).dtype == np.int32
        made = tf.constant(value, tf.int32) if whole else tensor_of(value)
        return _Tensor(made, tuple(made.shape))

    def add(self, a: _Tensor, b: _Tensor) -> _Tensor:
        return _joined(tf.add, a, b)

    def sub(self, a: _Tensor, b: _Tensor) -> _Tensor:
        return _joined(tf.subtract, a, b)

    def mul(self, a: _Tensor, b: _Tensor) -> _Tensor:
        return _joined(tf.multiply, a, b)

    def mean(self, x: _Tensor) -> _Tensor:
        return _Tensor(tf.reduce_mean(x.value, axis=-1, keepdims=True), (*x.shape[:-1], 1))

    def max_of_rows(self, x: _Tensor) -> _Tensor:
        return _Tensor(tf.reduce_max(x.value, axis=1, keepdims=True), (1, x.shape[1]))

    def rsqrt(self, x: _Tensor) -> _Tensor:
        return _Tensor(tf.math.rsqrt(x.value), x.shape)

    def tanh(self, x: _Tensor) -> _Tensor:
        return _Tensor(tf.tanh(x.value), x.shape)

    def relu(self, x: _Tensor) -> _Tensor:
        return _Tensor(tf.nn.relu(x.value), x.shape)

    def gelu(self, x: _Tensor, *, approximate: bool) -> _Tensor:
        return _Tensor(tf.nn.gelu(x.value, approximate=approximate), x.shape)

    def logistic(self, x: _Tensor) -> _Tensor:
        return _Tensor(tf.sigmoid(x.value), x.shape)

    def softmax(self, x: _Tensor) -> _Tensor:
        return _Tensor(tf.nn.softmax(x.value), x.shape)

    def l2_normalization(self, x: _Tensor) -> _Tensor:
        return _Tensor(tf.nn.l2_normalize(x.value, axis=-1), x.shape)

    def cast(self, x: _Tensor, dtype: Any) -> _Tensor:
        return _Tensor(tf.cast(x.value, dtype), x.shape)

    def reshape(self, x: _Tensor, shape: tuple[int, ...]) -> _Tensor:
        sizes = [self._length if size == DYNAMIC else size for size in shape]
        return _Tensor(tf.reshape(x.value, [-1, *sizes]), shape)

    def transpose(self, x: _Tensor, permutation: tuple[int, ...]) -> _Tensor:
        axes = [0, *(axis + 1 for axis in permutation)]
        return _Tensor(tf.transpose(x.value, axes), tuple(x.shape[a] for a in permutation))

    def batch_matmul(self, a: _Tensor, b: _Tensor, *, transpose_b: bool = False) -> _Tensor:
        value = tf.matmul(a.value, b.value, transpose_b=transpose_b)
        return _Tensor(value, (*a.shape[:-1], b.shape[-2 if transpose_b else -1]))

    def fully_connected(self, x: _Tensor, weight: _Tensor, bias: _Tensor | None = None) -> _Tensor:
        value = linear(x.value, weight.value)
        value = value if bias is None else value + bias.value
        return _Tensor(value, (*x.shape[:-1], weight.shape[0]))

    def gather(self, table: _Tensor, rows: _Tensor) -> _Tensor:
        found = table.rounded(tf.gather(table.value, rows.value))
        return _Tensor(found, (*rows.shape, *table.shape[1:]))

    def dequantize(self, x: _Tensor) -> _Tensor:
        return x

    def first_rows(self, x: _Tensor, rows: int) -> _Tensor:
        return _Tensor(x.value[:, :rows], (rows, x.shape[1]))

    def first_rows_like(self, x: _Tensor, ids: _Tensor) -> _Tensor:
        return _Tensor(x.rounded(x.value[: self._length]), (DYNAMIC, x.shape[1]))

    def planes(self, x: _Tensor, first: int, count: int) -> _Tensor:
        return _Tensor(x.value[:, first : first + count], (count, *x.shape[1:]))

    def columns(self, x: _Tensor, first: int, count: int) -> _Tensor:
        return _Tensor(x.value[..., first : first + count], (*x.shape[:-1], count))

    def stretch(self, x: _Tensor, first: int, last: int | None) -> _Tensor:
        return _Tensor(x.value[:, first:last], x.shape)

    def one_hot_like(self, numbers: _Tensor, ids: _Tensor) -> _Tensor:
        value = tf.one_hot(numbers.value, self._length)
        return _Tensor(value, (*numbers.shape, DYNAMIC))

    def concatenate(self, parts: Sequence[_Tensor]) -> _Tensor:
        value = tf.concat([part.value for part in parts], axis=-1)
        return _Tensor(value, (*parts[0].shape[:-1], sum(part.shape[-1] for part in parts)))

    def repeat(
        self, times: int, step: Callable[..., _Tensor], start: _Tensor, *fixed: _Tensor
    ) -> _Tensor:
        for _ in range(times):
            start = step(self, start, *fixed)
        return start

    def dropout(self, x: _Tensor) -> _Tensor:
        return _Tensor(self._dropout(x.value, next(self._sites)), x.shape)


def _joined(operator: Callable[[Any, Any], Any], a: _Tensor, b: _Tensor) -> _Tensor:
    return _Tensor(operator(a.value, b.value), broadcast(a, b))
