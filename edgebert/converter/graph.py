"""Builds a TFLite graph op by op from numpy constants, with LiteRT's own schema objects.

Every op that edgebert uses is one row of `ops.OPS` and one method of `Graph`, which knows the shape
of the op's output. Schema: tensorflow/lite/schema/schema.fbs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from edgebert.converter.graph_ops import Shaped
from edgebert.converter.ops import OPS, Op
from edgebert.converter.quantize import Quantized
from edgebert.model_file.schema import schema
from edgebert.version import version_numbers

AnyArray: TypeAlias = npt.NDArray[Any]

DYNAMIC = -1
"""A size known only when the model runs: the number of tokens."""

_FLOAT32 = np.dtype(np.float32)
_INT32 = np.dtype(np.int32)
_INT16 = np.dtype(np.int16)

_TYPES = MappingProxyType(
    {
        np.dtype(np.float32): schema.TensorType.FLOAT32,
        np.dtype(np.float16): schema.TensorType.FLOAT16,
        np.dtype(np.int64): schema.TensorType.INT64,
        np.dtype(np.int32): schema.TensorType.INT32,
        np.dtype(np.int16): schema.TensorType.INT16,
        np.dtype(np.int8): schema.TensorType.INT8,
        np.dtype(np.bool_): schema.TensorType.BOOL,
    }
)


@dataclass(frozen=True)
class Storage:
    """How the numbers of a computed tensor are kept: as themselves, or as integers.

    Attributes:
        dtype: of the numbers kept.
        scale: None for numbers that are themselves; else a kept q is `scale * (q - zero_point)`.
        zero_point: what 0 is kept as.
    """

    dtype: np.dtype[Any]
    scale: float | None = None
    zero_point: int = 0

    @property
    def step(self) -> float:
        """What one more in a kept number stands for."""
        return 1.0 if self.scale is None else self.scale


REAL = Storage(_FLOAT32)
"""Numbers kept as themselves, in float32."""


@dataclass(frozen=True)
class Tensor:
    """A tensor of the graph: where it is, its shape (`DYNAMIC` for an open size), its type.

    A constant in int4 has the type int8, of which it has but `bits`.
    """

    index: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    scale: AnyArray | None = field(default=None, compare=False)
    zero_point: int = field(default=0, compare=False)
    bits: int = field(default=8, compare=False)

    @property
    def storage(self) -> Storage:
        """How its numbers are kept, where all have one scale."""
        scale = None if self.scale is None else float(self.scale[0])
        return Storage(self.dtype, scale, self.zero_point)


class _File:
    """What the subgraphs of one file have in common."""

    def __init__(self) -> None:
        self.graphs: list[Graph] = []
        self.buffers: list[Any] = [schema.BufferT()]
        self.codes: dict[Op, int] = {}
        self._buffer_of: dict[int, int] = {}
        self._kept: list[AnyArray] = []

    def buffer(self, array: AnyArray) -> int:
        """The number of the buffer that holds the array; stored once, however often it is used."""
        if id(array) not in self._buffer_of:
            buffer = schema.BufferT()
            buffer.data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
            self._buffer_of[id(array)] = len(self.buffers)
            self.buffers.append(buffer)
            self._kept.append(array)  # while it lives its id stays its own
        return self._buffer_of[id(array)]


class Graph:
    """One TFLite subgraph in the making, and those that it calls.

    Methods named after ops append that op and return its output. Shapes are those of the
    op's definition; broadcasting takes the larger operand's shape.

    Args:
        file: of the graph that this one is a part of; None for a graph of its own.
        length: what `DYNAMIC` stands for in a graph of a fixed number of tokens. No size is then
            open, and what follows from sizes alone is constant.
    """

    def __init__(self, file: _File | None = None, *, length: int = DYNAMIC) -> None:
        self._file = file or _File()
        self._length = length
        self._arrays: dict[int, AnyArray | Quantized] = {}
        self._file.graphs.append(self)
        self._tensors: list[Any] = []
        self._small: dict[tuple[bytes, tuple[int, ...], str], Tensor] = {}
        self._operators: list[Any] = []
        self._inputs: list[tuple[str, Tensor]] = []
        self._outputs: list[tuple[str, Tensor]] = []

    def sibling(self, *, length: int | None = None) -> Graph:
        """A further graph of the same file: arrays that are constants of both are stored once.

        Args:
            length: of its own; None: this graph's.
        """
        return Graph(self._file, length=self._length if length is None else length)

    # Tensors

    def input(self, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Tensor:
        """An input of the model."""
        shape = tuple(self._length if size == DYNAMIC else size for size in shape)
        tensor = self._tensor(shape, np.dtype(dtype), name=name)
        self._inputs.append((name, tensor))
        return tensor

    def output(self, name: str, tensor: Tensor) -> None:
        """Makes `tensor` an output of the model."""
        self.name(tensor, name)
        self._outputs.append((name, tensor))

    def name(self, tensor: Tensor, name: str) -> None:
        """Names a tensor."""
        self._tensors[tensor.index].name = name

    def constant(self, value: npt.ArrayLike | Quantized, name: str = "") -> Tensor:
        """A constant; the same array is stored once, however often it is used."""
        if isinstance(value, Quantized):
            return self._quantized(value, name)
        array = np.asarray(value)
        if array.size < 64:
            key = (array.tobytes(), array.shape, array.dtype.str)
            if key not in self._small:
                self._small[key] = self._constant(array, name)
            return self._small[key]
        return self._constant(array, name)

    def _constant(self, array: AnyArray, name: str) -> Tensor:
        buffer = self._file.buffer(array)
        made = self._tensor(array.shape, array.dtype, buffer=buffer, name=name)
        self._arrays[made.index] = array
        return made

    def _quantized(self, value: Quantized, name: str) -> Tensor:
        buffer, shape, dtype = self._file.buffer(value.kept), value.values.shape, value.values.dtype
        if value.block is None:
            made = self._tensor(shape, dtype, buffer=buffer, name=name, scale=value.scale)
        else:
            scales = self._constant(value.scale.astype(np.float16), f"{name}.scales")
            made = self._tensor(shape, dtype, buffer=buffer, name=name)
            self._tensors[made.index].quantization = _in_blocks(scales.index, value.block)
        if value.bits == 8:
            self._arrays[made.index] = value
            return made
        self._tensors[made.index].type = schema.TensorType.INT4
        return replace(made, scale=value.scale, bits=value.bits)

    def _tensor(
        self,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        *,
        buffer: int = 0,
        name: str = "",
        scale: AnyArray | None = None,
        zero_point: int = 0,
    ) -> Tensor:
        made = schema.TensorT()
        made.name = name or f"t{len(self._tensors)}"
        made.type = _TYPES[dtype]
        made.buffer = buffer
        made.hasRank = True
        made.shape = [1 if size == DYNAMIC else size for size in shape]
        if DYNAMIC in shape:
            made.shapeSignature = list(shape)
        if scale is not None:
            made.quantization = schema.QuantizationParametersT()
            made.quantization.scale = scale
            made.quantization.zeroPoint = np.full(len(scale), zero_point, np.int64)
            made.quantization.quantizedDimension = 0
        self._tensors.append(made)
        return Tensor(len(self._tensors) - 1, tuple(shape), dtype, scale, zero_point)

    # Ops

    def add(self, a: Tensor, b: Tensor, out: Storage = REAL) -> Tensor:
        """Element-wise sum."""
        return self._op("add", [a, b], broadcast(a, b), out, **_sum_options(out))

    def sub(self, a: Tensor, b: Tensor, out: Storage = REAL) -> Tensor:
        """Element-wise difference."""
        return self._op("sub", [a, b], broadcast(a, b), out, **_sum_options(out))

    def mul(self, a: Tensor, b: Tensor, out: Storage = REAL) -> Tensor:
        """Element-wise product."""
        return self._op("mul", [a, b], broadcast(a, b), out)

    def mean(self, x: Tensor, out: Storage = REAL) -> Tensor:
        """Mean over the last axis, which stays with size 1."""
        axis = self.constant(np.array([len(x.shape) - 1], np.int32))
        return self._op("mean", [x, axis], (*x.shape[:-1], 1), out, keepDims=True)

    def max_of_rows(self, x: Tensor) -> Tensor:
        """The highest value of each column of x [m, n]: [1, n]."""
        axis = self.constant(np.array([0], np.int32))
        return self._op("reduce_max", [x, axis], (1, x.shape[1]), keepDims=True)

    def rsqrt(self, x: Tensor, out: Storage = REAL) -> Tensor:
        """1 / sqrt(x)."""
        return self._op("rsqrt", [x], x.shape, out)

    def tanh(self, x: Tensor, out: Storage = REAL) -> Tensor:
        """Hyperbolic tangent."""
        return self._op("tanh", [x], x.shape, out)

    def relu(self, x: Tensor, out: Storage = REAL) -> Tensor:
        """max(x, 0)."""
        return self._op("relu", [x], x.shape, out)

    def gelu(self, x: Tensor, *, approximate: bool, out: Storage = REAL) -> Tensor:
        """GELU, by erf or (`approximate`) by tanh."""
        return self._op("gelu", [x], x.shape, out, approximate=approximate)

    def logistic(self, x: Tensor, out: Storage = REAL) -> Tensor:
        """1 / (1 + exp(-x))."""
        return self._op("logistic", [x], x.shape, out)

    def softmax(self, x: Tensor, out: Storage = REAL) -> Tensor:
        """Softmax over the last axis."""
        return self._op("softmax", [x], x.shape, out, beta=1.0)

    def l2_normalization(self, x: Tensor) -> Tensor:
        """Scales the last axis to length 1."""
        return self._op("l2_normalization", [x], x.shape)

    def cast(self, x: Tensor, dtype: npt.DTypeLike) -> Tensor:
        """Converts the element type."""
        return self._op("cast", [x], x.shape, Storage(np.dtype(dtype)))

    def reshape(self, x: Tensor, shape: tuple[int, ...]) -> Tensor:
        """The same elements in another shape, of which one size may be `DYNAMIC`."""
        if DYNAMIC in shape and DYNAMIC not in x.shape:
            known = math.prod(size for size in shape if size != DYNAMIC)
            shape = tuple(math.prod(x.shape) // known if n == DYNAMIC else n for n in shape)
        if shape == x.shape:
            return x
        wanted = self.constant(np.array(shape, np.int32))
        return self._op("reshape", [x, wanted], shape, x.storage)

    def transpose(self, x: Tensor, permutation: tuple[int, ...]) -> Tensor:
        """Permutes the axes."""
        order = self.constant(np.array(permutation, np.int32))
        return self._op(
            "transpose", [x, order], tuple(x.shape[axis] for axis in permutation), x.storage
        )

    def batch_matmul(
        self, a: Tensor, b: Tensor, *, transpose_b: bool = False, out: Storage = REAL
    ) -> Tensor:
        """[B, m, k] times [B, k, n] (or [B, n, k] transposed) is [B, m, n]."""
        columns = b.shape[-2] if transpose_b else b.shape[-1]
        return self._op("batch_matmul", [a, b], (*a.shape[:-1], columns), out, adjY=transpose_b)

    def fully_connected(
        self, x: Tensor, weight: Tensor, bias: Tensor | None = None, out: Storage = REAL
    ) -> Tensor:
        """[..., in] times [out, in] transposed, plus [out], is [..., out].

        With a float x, an int8 weight with one scale (all runtimes) or one scale a row (TFLite
        2.17 and later) has x quantised row by row while the model runs; likewise an int4 weight
        with one scale a row or a block (LiteRT alone).
        """
        hybrid = weight.scale is not None and out.scale is None
        kind = _dense_kind(weight) if hybrid else "fully_connected"
        return self._op(
            kind,
            [x, weight] if bias is None else [x, weight, bias],
            (*x.shape[:-1], weight.shape[0]),
            out,
            asymmetricQuantizeInputs=hybrid,
            **({"keepNumDims": True} if len(x.shape) > 2 else {}),
        )

    def gather(self, table: Tensor, rows: Tensor) -> Tensor:
        """Rows of a table [V, H] by number [n, …], as they are stored; those of int4 as float32."""
        shape = (*rows.shape, *table.shape[1:])
        if table.bits == 4:
            found = self._op(
                _in_blocks_or_not("embedding_lookup_int4", table),
                [self.reshape(rows, (DYNAMIC,)), table],
                (DYNAMIC, *table.shape[1:]),
            )
            return self.reshape(found, shape)
        return self._op("gather", [table, rows], shape, table.storage)

    def dequantize(self, x: Tensor) -> Tensor:
        """Elements int8, int16 or float16 to float32; float32 stays as it is."""
        if x.dtype == np.float32:
            return x
        return self._op("dequantize", [x], x.shape)

    def quantize(self, x: Tensor, out: Storage) -> Tensor:
        """The same numbers in another storage."""
        return x if x.storage == out else self._op("quantize", [x], x.shape, out)

    def first_rows(self, x: Tensor, rows: int) -> Tensor:
        """The first rows of x [m, H]: [rows, H]."""
        size = self.constant(np.array([rows, x.shape[1]], np.int32))
        return self._first_rows(x, size, rows)

    def first_rows_like(self, x: Tensor, ids: Tensor) -> Tensor:
        """The first rows of x [m, H], as many as there are ids [n]: [n, H]."""
        if self._length != DYNAMIC:
            return self._rows_known_now(x, self._length)
        width = self.constant(np.array([x.shape[1]], np.int32))
        return self._first_rows(x, self.concatenate([self._shape(ids), width]), DYNAMIC)

    def _rows_known_now(self, x: Tensor, rows: int) -> Tensor:
        """The first rows of a constant as one; a slice of what is computed."""
        if x.shape[0] == rows:
            return x
        whole = self._arrays.get(x.index)
        if whole is None:
            return self.first_rows(x, rows)
        if isinstance(whole, Quantized):
            return self.constant(Quantized(whole.values[:rows], whole.scale))
        return self.constant(whole[:rows])

    def _first_rows(self, x: Tensor, size: Tensor, count: int) -> Tensor:
        # Not by STRIDED_SLICE, which LiteRT 2.3 copies number by number: for the positions that
        # took a third of the time that a new length costs.
        begin = self.constant(np.zeros(2, np.int32))
        return self._op("slice", [x, begin, size], (count, x.shape[1]), x.storage)

    def planes(self, x: Tensor, first: int, count: int) -> Tensor:
        """Some planes of x [k, m, n]: [count, m, n]."""
        if (first, count) == (0, x.shape[0]):
            return x
        begin, end = (
            self.constant(np.array([at, 0, 0], np.int32)) for at in (first, first + count)
        )
        strides = self.constant(np.ones(3, np.int32))
        shape = (count, *x.shape[1:])
        inputs = [x, begin, end, strides]
        return self._op("strided_slice", inputs, shape, x.storage, endMask=_LAST_TWO_AXES)

    def columns(self, x: Tensor, first: int, count: int) -> Tensor:
        """Some columns of x [m, n]: [m, count]."""
        if (first, count) == (0, x.shape[1]):
            return x
        begin, end = (self.constant(np.array([0, at], np.int32)) for at in (first, first + count))
        strides = self.constant(np.ones(2, np.int32))
        shape = (x.shape[0], count)
        inputs = [x, begin, end, strides]
        return self._op("strided_slice", inputs, shape, x.storage, endMask=_FIRST_AXIS)

    def stretch(self, x: Tensor, first: int, last: int | None) -> Tensor:
        """Elements of a vector as `x[first:last]`."""
        begin, end, strides = (
            self.constant(np.array([value], np.int32)) for value in (first, last or 0, 1)
        )
        mask = _FIRST_AXIS if last is None else 0
        inputs = [x, begin, end, strides]
        shape = (DYNAMIC,) if DYNAMIC in x.shape else (len(range(x.shape[0])[first:last]),)
        return self._op("strided_slice", inputs, shape, x.storage, endMask=mask)

    def one_hot_like(self, numbers: Tensor, ids: Tensor) -> Tensor:
        """For each number a row of zeros, one an id [n], with a one at that place: [..., n]."""
        (count,) = ids.shape
        known = count != DYNAMIC
        depth = self.constant(np.int32(count)) if known else self.reshape(self._shape(ids), ())
        inputs = [numbers, depth, self.constant(np.float32(1)), self.constant(np.float32(0))]
        return self._op("one_hot", inputs, (*numbers.shape, count), axis=-1)

    def dropout(self, x: Tensor) -> Tensor:
        """Where a share of the elements is set to 0 while a BERT is trained; here nothing is."""
        return x

    def _shape(self, x: Tensor) -> Tensor:
        """The shape of x as int32 [rank]."""
        return self._op("shape", [x], (len(x.shape),), Storage(_INT32), outType=_TYPES[_INT32])

    def concatenate(self, parts: Sequence[Tensor]) -> Tensor:
        """Joins tensors along the last axis; in integers, they are kept alike."""
        sizes = [part.shape[-1] for part in parts]
        shape = (*parts[0].shape[:-1], DYNAMIC if DYNAMIC in sizes else sum(sizes))
        return self._op("concatenation", parts, shape, parts[0].storage, axis=len(shape) - 1)

    def less(self, a: Tensor, b: Tensor) -> Tensor:
        """Element-wise a < b."""
        return self._op("less", [a, b], broadcast(a, b), Storage(np.dtype(np.bool_)))

    def repeat(
        self, times: int, step: Callable[..., Tensor], start: Tensor, *fixed: Tensor
    ) -> Tensor:
        """step(… step(step(start)) …): built and stored once, and run `times` times.

        Args:
            times: how often.
            step: called once, with a graph, what goes into a step, and `fixed`; gives what comes
                out of it, of the same shape.
            start: what goes into the first step.
            fixed: given to every step as they are.
        """
        count = self.constant(np.array([0], np.int32))
        state = [count, start, *fixed]
        test, body = self.sibling(), self.sibling()
        test_count, *_ = test._inputs_like(state)
        most = test.constant(np.array([times], np.int32))
        test.output("more", test.reshape(test.less(test_count, most), ()))
        body_count, value, *rest = body._inputs_like(state)
        results = [body._next(body_count), step(body, value, *rest), *rest]
        for number, result in enumerate(results):
            body.output(f"out{number}", result)
        graphs = self._file.graphs
        outputs = [self._tensor(tensor.shape, tensor.dtype) for tensor in state]
        self._append(
            "while",
            state,
            outputs,
            condSubgraphIndex=graphs.index(test),
            bodySubgraphIndex=graphs.index(body),
        )
        return outputs[1]

    def _inputs_like(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        return [self.input(f"in{i}", t.shape, t.dtype) for i, t in enumerate(tensors)]

    def _next(self, count: Tensor) -> Tensor:
        one = self.constant(np.array([1], np.int32))
        return self._op("add", [count, one], count.shape, count.storage)

    def _op(
        self,
        kind: str,
        inputs: Sequence[Tensor],
        shape: tuple[int, ...],
        storage: Storage = REAL,
        **options: object,
    ) -> Tensor:
        scale = None if storage.scale is None else np.array([storage.scale], np.float32)
        out = self._tensor(shape, storage.dtype, scale=scale, zero_point=storage.zero_point)
        self._append(kind, inputs, [out], **options)
        return out

    def _append(
        self, kind: str, inputs: Sequence[Tensor], outputs: Sequence[Tensor], **options: object
    ) -> None:
        op = OPS.get(f"{kind}_{inputs[0].dtype.name}") or OPS[kind]
        made = schema.OperatorT()
        made.opcodeIndex = self._file.codes.setdefault(op, len(self._file.codes))
        made.inputs = [tensor.index for tensor in inputs]
        made.outputs = [tensor.index for tensor in outputs]
        if op.options:
            made.builtinOptionsType = getattr(schema.BuiltinOptions, op.options)
            made.builtinOptions = getattr(schema, f"{op.options}T")()
            for name, value in options.items():
                setattr(made.builtinOptions, name, value)
        self._operators.append(made)

    # The file

    def minimum_runtime(self) -> str:
        """The first TFLite release that has all the ops."""
        return max((op.since for op in self._file.codes), key=version_numbers)

    def model(self, description: str, entries: Mapping[str, Graph] | None = None) -> Any:
        """The file as a schema object (`ModelT`).

        Args:
            description: of the file.
            entries: the graphs of the file that can be called from outside, by the keys of their
                signatures; None: this one.
        """
        model = schema.ModelT()
        model.version = 3
        model.description = description
        model.operatorCodes = [_operator_code(op) for op in self._file.codes]
        model.subgraphs = [graph._subgraph() for graph in self._file.graphs]
        model.buffers = self._file.buffers
        model.signatureDefs = [
            graph._signature(key) for key, graph in (entries or {"serving_default": self}).items()
        ]
        return model

    def _signature(self, key: str) -> Any:
        """How to call the graph from outside."""
        made = schema.SignatureDefT()
        made.signatureKey = key
        made.subgraphIndex = self._file.graphs.index(self)
        made.inputs = [_tensor_map(name, tensor) for name, tensor in self._inputs]
        made.outputs = [_tensor_map(name, tensor) for name, tensor in self._outputs]
        return made

    def _subgraph(self) -> Any:
        subgraph = schema.SubGraphT()
        number = self._file.graphs.index(self)
        subgraph.name = f"part{number}" if number else "main"
        subgraph.tensors = self._tensors
        subgraph.inputs = [tensor.index for _, tensor in self._inputs]
        subgraph.outputs = [tensor.index for _, tensor in self._outputs]
        subgraph.operators = self._operators
        return subgraph


def _in_blocks(scales: int, block: int) -> Any:
    """How a tensor of `block` numbers a scale says so; `scales` is the number of another tensor."""
    made = schema.QuantizationParametersT()
    made.detailsType = schema.QuantizationDetails.BlockwiseQuantization
    made.details = schema.BlockwiseQuantizationT()
    made.details.scales = scales
    made.details.zeroPoints = -1
    made.details.blockSize = block
    return made


def _dense_kind(weight: Tensor) -> str:
    """Which dense layer takes an integer weight and float rows."""
    scale = cast("AnyArray", weight.scale)
    if weight.bits == 4:
        return _in_blocks_or_not("fully_connected_int4", weight)
    return "fully_connected_per_channel" if len(scale) > 1 else "fully_connected_per_tensor"


def _in_blocks_or_not(kind: str, weight: Tensor) -> str:
    """The kind of an op that reads an int4 weight, by how that has its scales."""
    return f"{kind}_in_blocks" if cast("AnyArray", weight.scale).ndim == 2 else kind


_FIRST_AXIS, _LAST_TWO_AXES = 0b001, 0b110
"""Masks of STRIDED_SLICE: axes that are taken to their end; the last two are those of three."""


def _sum_options(out: Storage) -> dict[str, bool]:
    """int16 sums take scales that are powers of two, unless told otherwise."""
    return {"potScaleInt16": False} if out.dtype == _INT16 else {}


def broadcast(a: Shaped, b: Shaped) -> tuple[int, ...]:
    """The shape of an element-wise op: axis by axis, the size that is not 1."""
    rank = max(len(a.shape), len(b.shape))
    shapes = [(1,) * (rank - len(t.shape)) + t.shape for t in (a, b)]
    return tuple(y if x == 1 else x for x, y in zip(*shapes, strict=True))


def _operator_code(op: Op) -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode = getattr(schema.BuiltinOperator, op.name)
    # Readers older than TFLite 2.4 look only at this one, which is a signed byte.
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    code.version = op.version
    return code


def _tensor_map(name: str, tensor: Tensor) -> Any:
    entry = schema.TensorMapT()
    entry.name = name
    entry.tensorIndex = tensor.index
    return entry
