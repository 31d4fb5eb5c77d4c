"""Writes the same values in float32 or in integers: each op by the name of what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from edgebert.arrays import Array, Weights
from edgebert.bert.config import Activation
from edgebert.converter.full_integer.storage import (
    IntegerName,
    StoragePlan,
    bias_of,
    constant_of,
    fixed,
    storage_of,
    widened,
)
from edgebert.converter.full_integer.value_ops import TOKENS
from edgebert.converter.graph import REAL, Graph, Storage, Tensor
from edgebert.converter.quantize import Quantized, quantize_per_row, quantize_per_tensor

_GELU_BY_LOGISTIC: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"gelu": (1.5976, 0.07056), "gelu_tanh": (1.5957691, 0.0713548)}
)
"""a and b of u * logistic(a u + b u^3), which is GELU: by definition for the tanh form, to 5e-4 for
the exact one (Bowling et al. 2009, doi 10.3926/jiem.2009.v2n1.p114-127)."""

_LARGEST_SQUARE = 36.0
"""Of u in `_GELU_BY_LOGISTIC`; beyond, the logistic is 0 or 1."""

_LARGEST_LOGIT = 12.0

_MOST_RATIO, _LEAST_RATIO = 128.0, 512.0
"""XNNPACK takes steps of operands, and of products, up to 256 times that of the result, and of
summands down to a 1,024th. A value that hardly changes in calibration can ask for more."""


@dataclass(frozen=True)
class Value:
    """A named value of the graph.

    Attributes:
        op: what computes it.
        tensor: that holds it.
        tokens: axes along which it has a row a token.
    """

    name: str
    op: str
    tensor: Tensor
    tokens: tuple[int, ...]


class Constants:
    """Quantised weights by name: made once, stored once for graphs of several lengths."""

    def __init__(self) -> None:
        self._matrices: dict[str, Quantized] = {}
        self._tables: dict[str, Quantized] = {}
        self._biases: dict[tuple[str, Storage], Quantized] = {}

    def matrix(self, name: str, weight: Array) -> Quantized:
        """The matrix of a dense layer: one scale a row."""
        if name not in self._matrices:
            self._matrices[name] = quantize_per_row(weight)
        return self._matrices[name]

    def table(self, name: str, weight: Array) -> Quantized:
        """A table read by row: one scale."""
        if name not in self._tables:
            self._tables[name] = quantize_per_tensor(weight)
        return self._tables[name]

    def output_table(self, name: str, weight: Array, rows: Array) -> Quantized:
        """The same table as the matrix of a dense layer, its rows times `rows` [V, 1].

        The integers are those of `table`; only scales differ.
        """
        key = f"{name} as a matrix"
        if key not in self._matrices:
            kept = self.table(name, weight)
            scale = kept.scale if np.all(rows == 1) else kept.scale * rows[:, 0]
            self._matrices[key] = Quantized(kept.values, scale)
        return self._matrices[key]

    def bias(self, name: str, bias: Array, x: Storage, matrix: Quantized) -> Quantized | Array:
        """The bias of a dense layer that reads `x`."""
        if x.scale is None:
            return bias
        key = (name, x)
        if key not in self._biases:
            self._biases[key] = bias_of(bias, x, matrix)
        return self._biases[key]


class Emitter:
    """Appends ops to a graph and remembers what they give.

    Without a plan everything is float32. With one, each value is kept as the plan says; the op that
    computes it runs in that type, and what it reads is converted where it has another.

    Attributes:
        graph: that is written.
        values: named so far, in order.

    Args:
        graph: that is written.
        weights: matrices and tables by name.
        plan: None for float32.
        constants: to be shared with the graphs of other lengths.
    """

    def __init__(
        self, graph: Graph, weights: Weights, plan: StoragePlan | None, constants: Constants
    ) -> None:
        self.graph = graph
        self.values: list[Value] = []
        self._weights = weights
        self._plan = plan
        self._constants = constants
        self._names: dict[int, tuple[str, str]] = {}

    def input(self, name: str, length: int) -> Tensor:
        """An input of the graph, int32 [1, length], as a vector."""
        return self.graph.reshape(self.graph.input(name, (1, length), np.int32), (length,))

    def output(self, name: str, x: Tensor) -> None:
        """Makes a value an output of the graph."""
        self.graph.output(name, x)

    # What reads values

    def add(
        self, name: str, a: Tensor, b: Tensor | Array, tokens: tuple[int, ...] = TOKENS
    ) -> Tensor:
        """Element-wise sum; an array is a constant."""
        a, b, out = self._summands(name, a, b)
        return self._named(name, "add", self.graph.add(a, b, out), tokens)

    def sub(self, name: str, a: Tensor, b: Tensor | Array) -> Tensor:
        """Element-wise difference."""
        a, b, out = self._summands(name, a, b)
        return self._named(name, "sub", self.graph.sub(a, b, out))

    def mul(self, name: str, a: Tensor, b: Tensor | Array) -> Tensor:
        """Element-wise product."""
        a, b = self._pair(name, a, b)
        out = self._product(name, a.storage.step * b.storage.step)
        return self._named(name, "mul", self.graph.mul(a, b, out))

    def mean(self, name: str, x: Tensor) -> Tensor:
        """Mean over the last axis."""
        out = self._storage(name)
        return self._named(name, "mean", self.graph.mean(self._in(x, out), out))

    def rsqrt(self, name: str, x: Tensor) -> Tensor:
        """1 / sqrt(x)."""
        out = self._storage(name)
        return self._named(name, "rsqrt", self.graph.rsqrt(self._in(x, out), out))

    def tanh(self, name: str, x: Tensor) -> Tensor:
        """Hyperbolic tangent."""
        out = self._storage(name, "tanh")
        return self._named(name, "tanh", self.graph.tanh(self._in(x, out), out))

    def softmax(self, name: str, x: Tensor, tokens: tuple[int, ...]) -> Tensor:
        """Softmax over the last axis."""
        out = self._storage(name, "softmax")
        return self._named(name, "softmax", self.graph.softmax(self._in(x, out), out), tokens)

    def activation(self, name: str, x: Tensor, kind: Activation) -> Tensor:
        """GELU in either form, or ReLU."""
        out = self._storage(name)
        x = self._in(x, out)
        if kind == "relu":
            return self._named(name, "relu", self.graph.relu(x, out))
        if out.dtype == np.int16:
            return self._named(name, "mul", self._gelu_by_logistic(x, kind, out))
        tensor = self.graph.gelu(x, approximate=kind == "gelu_tanh", out=out)
        return self._named(name, "gelu", tensor)

    def matmul(
        self,
        name: str,
        a: Tensor,
        b: Tensor,
        *,
        transpose_b: bool = False,
        tokens: tuple[int, ...] = TOKENS,
    ) -> Tensor:
        """Product of two values, plane by plane; both have rank 3.

        TFLite turns products of rank 2 into dense layers, whose filter must be constant.
        """
        a, b = self._pair(name, a, b)
        out = self._product(name, a.storage.step * b.storage.step)
        made = self.graph.batch_matmul(a, b, transpose_b=transpose_b, out=out)
        return self._named(name, "batch_matmul", made, tokens)

    def dense(
        self,
        name: str,
        x: Tensor,
        matrix: str,
        *,
        biased: bool = True,
        like: Tensor | None = None,
    ) -> Tensor:
        """A dense layer by the name of its weights.

        Args:
            name: of the value.
            x: [..., in].
            matrix: its weights are `matrix.weight` [out, in] and, if any, `matrix.bias` [out].
            biased: whether to add the bias.
            like: a value in whose storage to keep the result.
        """
        bias = self._weights.get(f"{matrix}.bias") if biased else None
        out = None if like is None else like.storage
        return self.dense_of(name, x, matrix, self._weights[f"{matrix}.weight"], bias, out)

    def dense_of(
        self,
        name: str,
        x: Tensor,
        matrix: str,
        weight: Array,
        bias: Array | None = None,
        out: Storage | None = None,
    ) -> Tensor:
        """A dense layer with weights that the name `matrix` stands for."""
        kept = None if self._plan is None else self._constants.matrix(matrix, weight)
        return self._dense(name, x, matrix, weight if kept is None else kept, bias, out)

    def times_table(self, name: str, x: Tensor, table: str, rows: str, bias: str) -> Tensor:
        """Products with each row of a table [V, H], times `rows` [V, 1], plus a bias [V]."""
        weight, factors = self._weights[table], self._weights[rows]
        kept: Array | Quantized = (
            weight * factors
            if self._plan is None
            else self._constants.output_table(table, weight, factors)
        )
        return self._dense(name, x, table, kept, self._weights[bias])

    def _dense(
        self,
        name: str,
        x: Tensor,
        matrix: str,
        kept: Array | Quantized,
        bias: Array | None,
        out: Storage | None = None,
    ) -> Tensor:
        g = self.graph
        if not isinstance(kept, Quantized):
            offset = None if bias is None else g.constant(bias, f"{matrix}.bias")
            made = g.fully_connected(x, g.constant(kept, matrix), offset)
        else:
            x = self._in(x, out or self._storage(name))
            out = out or self._product(name, x.storage.step * float(kept.scale.max()))
            # Some kernels want a bias, be it of zeros.
            key = f"{matrix}.bias" if bias is not None else f"{matrix}.no_bias"
            bias = np.zeros(len(kept.values), np.float32) if bias is None else bias
            offset = g.constant(self._constants.bias(key, bias, x.storage, kept), key)
            made = g.fully_connected(x, g.constant(kept, matrix), offset, out)
        return self._named(name, "fully_connected", made)

    def gather(self, name: str, table: str | Array, rows: Tensor) -> Tensor:
        """Rows of a table, of the weights or by itself."""
        g = self.graph
        values = self._weights[table] if isinstance(table, str) else table
        if self._plan is None:
            constant = g.constant(values, table if isinstance(table, str) else name)
        elif isinstance(table, str):
            constant = g.constant(self._constants.table(table, values), table)
        else:
            constant = g.constant(constant_of(values, "int8"), name)
        return self._named(name, "gather", g.gather(constant, rows))

    def pick(self, name: str, x: Tensor, rows: Tensor) -> Tensor:
        """Rows of a value, by number."""
        return self._named(name, "gather", self.graph.gather(x, rows), ())

    def first(self, x: Tensor) -> Tensor:
        """The first row of a value [n, 1, H]."""
        return self._kin(x, self.graph.planes(x, 0, 1))

    def concatenate(self, a: Tensor, b: Tensor) -> Tensor:
        """Both along the last axis; they are kept alike."""
        return self._kin(a, self.graph.concatenate([a, b]))

    def reshape(self, x: Tensor, shape: tuple[int, ...]) -> Tensor:
        """The same numbers in another shape."""
        return self._kin(x, self.graph.reshape(x, shape))

    def transpose(self, x: Tensor, permutation: tuple[int, ...]) -> Tensor:
        """Permutes the axes."""
        return self._kin(x, self.graph.transpose(x, permutation))

    def dropout(self, x: Tensor) -> Tensor:
        """Where a share of the elements is set to 0 while a BERT is trained; here nothing is."""
        return x

    # How values are kept

    def _storage(self, name: str, op: str = "", least: float = 0.0) -> Storage:
        return REAL if self._plan is None else self._plan.storage(name, op, least=least)

    def _product(self, name: str, step: float) -> Storage:
        """The storage of a value made of products, of which the least is `step`."""
        return self._storage(name, least=step / _MOST_RATIO)

    def _summands(self, name: str, a: Tensor, b: Tensor | Array) -> tuple[Tensor, Tensor, Storage]:
        """Two operands, and the storage of their sum."""
        wanted = self._storage(name)
        left, right = self._in(a, wanted), self._in(b, wanted, wanted.step / _LEAST_RATIO)
        most = max(left.storage.step, right.storage.step)
        return left, right, self._storage(name, least=most / _MOST_RATIO)

    def _pair(self, name: str, a: Tensor, b: Tensor | Array) -> tuple[Tensor, Tensor]:
        """Two operands in the type of the value that is made of them."""
        out = self._storage(name)
        return self._in(a, out), self._in(b, out)

    def _in(self, x: Tensor | Array, out: Storage, least: float = 0.0) -> Tensor:
        """A value, or a constant with a step of at least `least`, in the type of `out`."""
        kind = _integer(out)
        if not isinstance(x, Tensor):
            return self.graph.constant(x if kind is None else constant_of(x, kind, least))
        if x.dtype == out.dtype or self._plan is None:
            return x
        if kind is None:
            return self.graph.dequantize(x)
        if kind == "int16" and x.dtype == np.int8:
            return self.graph.quantize(x, widened(x.storage))
        return self.graph.quantize(x, self._plan.storage(*self._names[x.index], kind))

    def _named(
        self, name: str, op: str, tensor: Tensor, tokens: tuple[int, ...] = TOKENS
    ) -> Tensor:
        self.graph.name(tensor, name)
        self.values.append(Value(name, op, tensor, tokens))
        self._names[tensor.index] = (name, op)
        return tensor

    def _kin(self, x: Tensor, tensor: Tensor) -> Tensor:
        """A rearrangement of a value, of the same name."""
        self._names[tensor.index] = self._names[x.index]
        return tensor

    def _gelu_by_logistic(self, u: Tensor, kind: Activation, out: Storage) -> Tensor:
        """GELU in int16, for which TFLite's own has no kernel (and does not say so)."""
        g = self.graph
        a, b = (np.float32(number) for number in _GELU_BY_LOGISTIC[kind])
        square = g.mul(u, u, storage_of((0, _LARGEST_SQUARE), "int16"))
        steep = storage_of((0, float(a + b * _LARGEST_SQUARE)), "int16")
        factor = g.add(
            g.mul(square, self._in(np.array([b]), out), steep), self._in(np.array([a]), out), steep
        )
        logit = g.mul(u, factor, storage_of((-_LARGEST_LOGIT, _LARGEST_LOGIT), "int16"))
        return g.mul(u, g.logistic(logit, fixed("logistic", "int16")), out)


def _integer(storage: Storage) -> IntegerName | None:
    """The name of an integer type; None for float32."""
    if storage.scale is None:
        return None
    return "int8" if storage.dtype == np.int8 else "int16"
