"""Builds a TFLite graph op by op from numpy constants, with LiteRT's own schema objects.

Every op that edgebert uses is one row of `OPS` and one method of `Graph`, which knows the shape of
the op's output. Versions are the lowest that hold what we use, so that old runtimes open the file.
Schema: tensorflow/lite/schema/schema.fbs; versions and the releases that brought them:
tensorflow/lite/tools/versioning/{op,runtime}_version.cc.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from edgebert.converter.quantize import Quantized
from edgebert.version import version_numbers

AnyArray: TypeAlias = npt.NDArray[Any]

DYNAMIC = -1
"""A size known only when the model runs: the number of tokens."""

_TYPES = MappingProxyType(
    {
        np.dtype(np.float32): schema.TensorType.FLOAT32,
        np.dtype(np.float16): schema.TensorType.FLOAT16,
        np.dtype(np.int32): schema.TensorType.INT32,
        np.dtype(np.int8): schema.TensorType.INT8,
        np.dtype(np.bool_): schema.TensorType.BOOL,
    }
)


@dataclass(frozen=True)
class Op:
    """A builtin op.

    Attributes:
        name: in the schema.
        version: lowest that has what we use.
        since: first TFLite release that has this version.
        options: name of its options table; "" for none.
    """

    name: str
    version: int
    since: str
    options: str = ""


OPS: Mapping[str, Op] = MappingProxyType(
    {
        "add": Op("ADD", 1, "1.5", "AddOptions"),
        "batch_matmul": Op("BATCH_MATMUL", 1, "2.3", "BatchMatMulOptions"),
        "cast": Op("CAST", 1, "1.5"),
        "concatenation": Op("CONCATENATION", 1, "1.5", "ConcatenationOptions"),
        "dequantize_int8": Op("DEQUANTIZE", 2, "1.14", "DequantizeOptions"),
        "dequantize_float16": Op("DEQUANTIZE", 3, "1.15", "DequantizeOptions"),
        "fully_connected": Op("FULLY_CONNECTED", 1, "1.5", "FullyConnectedOptions"),
        "fully_connected_per_tensor": Op("FULLY_CONNECTED", 9, "2.3", "FullyConnectedOptions"),
        "fully_connected_per_channel": Op("FULLY_CONNECTED", 12, "2.17", "FullyConnectedOptions"),
        "gather": Op("GATHER", 1, "1.6", "GatherOptions"),
        "gather_float16": Op("GATHER", 1, "2.18", "GatherOptions"),
        "gather_int8": Op("GATHER", 2, "1.14", "GatherOptions"),
        "gelu": Op("GELU", 1, "2.9", "GeluOptions"),
        "l2_normalization": Op("L2_NORMALIZATION", 1, "1.5", "L2NormOptions"),
        "less": Op("LESS", 1, "1.14", "LessOptions"),
        "logistic": Op("LOGISTIC", 1, "1.14"),
        "mean": Op("MEAN", 1, "1.6", "ReducerOptions"),
        "mul": Op("MUL", 1, "1.5", "MulOptions"),
        "one_hot": Op("ONE_HOT", 1, "1.11", "OneHotOptions"),
        "relu": Op("RELU", 1, "1.5"),
        "reshape": Op("RESHAPE", 1, "1.5"),
        "rsqrt": Op("RSQRT", 1, "1.10"),
        "shape": Op("SHAPE", 1, "1.10", "ShapeOptions"),
        "softmax": Op("SOFTMAX", 1, "1.5", "SoftmaxOptions"),
        "strided_slice": Op("STRIDED_SLICE", 1, "1.6", "StridedSliceOptions"),
        "strided_slice_int8": Op("STRIDED_SLICE", 2, "1.14", "StridedSliceOptions"),
        "sub": Op("SUB", 1, "1.6", "SubOptions"),
        "tanh": Op("TANH", 1, "1.14"),
        "transpose": Op("TRANSPOSE", 1, "1.6", "TransposeOptions"),
        "while": Op("WHILE", 1, "1.15", "WhileOptions"),
    }
)


@dataclass(frozen=True)
class Tensor:
    """A tensor of the graph: where it is, its shape (`DYNAMIC` for an open size), its type."""

    index: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    scale: AnyArray | None = field(default=None, compare=False)


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
    """

    def __init__(self, file: _File | None = None) -> None:
        self._file = file or _File()
        self._file.graphs.append(self)
        self._tensors: list[Any] = []
        self._small: dict[tuple[bytes, tuple[int, ...], str], Tensor] = {}
        self._operators: list[Any] = []
        self._inputs: list[tuple[str, Tensor]] = []
        self._outputs: list[tuple[str, Tensor]] = []

    # Tensors

    def input(self, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Tensor:
        """An input of the model."""
        tensor = self._tensor(shape, np.dtype(dtype), name=name)
        self._inputs.append((name, tensor))
        return tensor

    def output(self, name: str, tensor: Tensor) -> None:
        """Makes `tensor` an output of the model."""
        self._tensors[tensor.index].name = name
        self._outputs.append((name, tensor))

    def constant(self, value: npt.ArrayLike | Quantized, name: str = "") -> Tensor:
        """A constant; the same array is stored once, however often it is used."""
        quantized = value if isinstance(value, Quantized) else None
        array = quantized.values if quantized else np.asarray(value)
        if quantized is None and array.size < 64:
            key = (array.tobytes(), array.shape, array.dtype.str)
            if key not in self._small:
                self._small[key] = self._constant(array, None, name)
            return self._small[key]
        return self._constant(array, quantized.scale if quantized else None, name)

    def _constant(self, array: AnyArray, scale: AnyArray | None, name: str) -> Tensor:
        buffer = self._file.buffer(array)
        return self._tensor(array.shape, array.dtype, buffer=buffer, name=name, scale=scale)

    def _tensor(
        self,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        *,
        buffer: int = 0,
        name: str = "",
        scale: AnyArray | None = None,
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
            made.quantization.zeroPoint = np.zeros(len(scale), np.int64)
            made.quantization.quantizedDimension = 0
        self._tensors.append(made)
        return Tensor(len(self._tensors) - 1, tuple(shape), dtype, scale)

    # Ops

    def add(self, a: Tensor, b: Tensor) -> Tensor:
        """Element-wise sum."""
        return self._op("add", [a, b], _broadcast(a, b))

    def sub(self, a: Tensor, b: Tensor) -> Tensor:
        """Element-wise difference."""
        return self._op("sub", [a, b], _broadcast(a, b))

    def mul(self, a: Tensor, b: Tensor) -> Tensor:
        """Element-wise product."""
        return self._op("mul", [a, b], _broadcast(a, b))

    def mean(self, x: Tensor) -> Tensor:
        """Mean over the last axis, which stays with size 1."""
        axis = self.constant(np.array([len(x.shape) - 1], np.int32))
        return self._op("mean", [x, axis], (*x.shape[:-1], 1), keepDims=True)

    def rsqrt(self, x: Tensor) -> Tensor:
        """1 / sqrt(x)."""
        return self._op("rsqrt", [x], x.shape)

    def tanh(self, x: Tensor) -> Tensor:
        """Hyperbolic tangent."""
        return self._op("tanh", [x], x.shape)

    def relu(self, x: Tensor) -> Tensor:
        """max(x, 0)."""
        return self._op("relu", [x], x.shape)

    def gelu(self, x: Tensor, *, approximate: bool) -> Tensor:
        """GELU, by erf or (`approximate`) by tanh."""
        return self._op("gelu", [x], x.shape, approximate=approximate)

    def logistic(self, x: Tensor) -> Tensor:
        """1 / (1 + exp(-x))."""
        return self._op("logistic", [x], x.shape)

    def softmax(self, x: Tensor) -> Tensor:
        """Softmax over the last axis."""
        return self._op("softmax", [x], x.shape, beta=1.0)

    def l2_normalization(self, x: Tensor) -> Tensor:
        """Scales the last axis to length 1."""
        return self._op("l2_normalization", [x], x.shape)

    def cast(self, x: Tensor, dtype: npt.DTypeLike) -> Tensor:
        """Converts the element type."""
        return self._op("cast", [x], x.shape, dtype=np.dtype(dtype))

    def reshape(self, x: Tensor, shape: tuple[int, ...]) -> Tensor:
        """The same elements in another shape, of which one size may be `DYNAMIC`."""
        if shape == x.shape:
            return x
        wanted = self.constant(np.array(shape, np.int32))
        return self._op("reshape", [x, wanted], shape, dtype=x.dtype)

    def transpose(self, x: Tensor, permutation: tuple[int, ...]) -> Tensor:
        """Permutes the axes."""
        order = self.constant(np.array(permutation, np.int32))
        return self._op("transpose", [x, order], tuple(x.shape[axis] for axis in permutation))

    def batch_matmul(self, a: Tensor, b: Tensor, *, transpose_b: bool = False) -> Tensor:
        """[B, m, k] times [B, k, n] (or [B, n, k] transposed) is [B, m, n]."""
        columns = b.shape[-2] if transpose_b else b.shape[-1]
        return self._op("batch_matmul", [a, b], (*a.shape[:-1], columns), adjY=transpose_b)

    def fully_connected(self, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """[m, in] times [out, in] transposed, plus [out], is [m, out].

        An int8 weight with one scale (all runtimes) or one scale a row (TFLite 2.17 and
        later) has x quantised row by row while the model runs.
        """
        kind = "fully_connected"
        if weight.scale is not None:
            kind += "_per_channel" if len(weight.scale) > 1 else "_per_tensor"
        return self._op(
            kind,
            [x, weight] if bias is None else [x, weight, bias],
            (*x.shape[:-1], weight.shape[0]),
            asymmetricQuantizeInputs=weight.scale is not None,
        )

    def gather(self, table: Tensor, rows: Tensor) -> Tensor:
        """Rows of a table [V, H] by number [n], as they are stored."""
        kind = "gather" if table.dtype == _FLOAT32 else f"gather_{table.dtype.name}"
        shape = (*rows.shape, *table.shape[1:])
        return self._op(kind, [table, rows], shape, dtype=table.dtype, scale=table.scale)

    def dequantize(self, x: Tensor) -> Tensor:
        """Elements int8 or float16 to float32; float32 stays as it is."""
        if x.dtype == np.float32:
            return x
        return self._op(f"dequantize_{x.dtype.name}", [x], x.shape)

    def first_rows(self, x: Tensor, rows: int | Tensor) -> Tensor:
        """The first rows of x [m, H]: a fixed number, or as many as a tensor [2] = (n, H) says."""
        width = x.shape[1]
        if isinstance(rows, int):
            end, count = self.constant(np.array([rows, width], np.int32)), rows
        else:
            end, count = rows, DYNAMIC
        begin = self.constant(np.zeros(2, np.int32))
        strides = self.constant(np.ones(2, np.int32))
        kind = "strided_slice" if x.scale is None else "strided_slice_int8"
        inputs = [x, begin, end, strides]
        return self._op(kind, inputs, (count, width), dtype=x.dtype, scale=x.scale)

    def planes(self, x: Tensor, first: int, count: int) -> Tensor:
        """Some planes of x [k, m, n]: [count, m, n]."""
        if (first, count) == (0, x.shape[0]):
            return x
        begin, end = (
            self.constant(np.array([at, 0, 0], np.int32)) for at in (first, first + count)
        )
        strides = self.constant(np.ones(3, np.int32))
        shape = (count, *x.shape[1:])
        return self._op("strided_slice", [x, begin, end, strides], shape, endMask=_LAST_TWO_AXES)

    def one_hot(self, numbers: Tensor, depth: Tensor) -> Tensor:
        """For each number [m] a row of zeros with a one at that place: [m, depth]."""
        inputs = [numbers, depth, self.constant(np.float32(1)), self.constant(np.float32(0))]
        return self._op("one_hot", inputs, (*numbers.shape, DYNAMIC), axis=-1)

    def shape(self, x: Tensor) -> Tensor:
        """The shape of x as int32 [rank]."""
        return self._op(
            "shape", [x], (len(x.shape),), dtype=np.dtype(np.int32), outType=_TYPES[_INT32]
        )

    def concatenate(self, parts: Sequence[Tensor]) -> Tensor:
        """Joins vectors."""
        size = sum(part.shape[0] for part in parts)
        return self._op("concatenation", parts, (size,), dtype=parts[0].dtype)

    def less(self, a: Tensor, b: Tensor) -> Tensor:
        """Element-wise a < b."""
        return self._op("less", [a, b], _broadcast(a, b), dtype=np.dtype(np.bool_))

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
        test, body = Graph(self._file), Graph(self._file)
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
        return self._op("add", [count, one], count.shape, dtype=count.dtype)

    def _op(
        self,
        kind: str,
        inputs: Sequence[Tensor],
        shape: tuple[int, ...],
        *,
        dtype: np.dtype[Any] | None = None,
        scale: AnyArray | None = None,
        **options: object,
    ) -> Tensor:
        out = self._tensor(shape, dtype or _FLOAT32, scale=scale)
        self._append(kind, inputs, [out], **options)
        return out

    def _append(
        self, kind: str, inputs: Sequence[Tensor], outputs: Sequence[Tensor], **options: object
    ) -> None:
        op = OPS[kind]
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

    def op_counts(self) -> dict[str, int]:
        """How often each builtin op occurs, the most frequent first."""
        codes = list(self._file.codes)
        operators = (operator for graph in self._file.graphs for operator in graph._operators)
        return dict(
            Counter(codes[operator.opcodeIndex].name for operator in operators).most_common()
        )

    def minimum_runtime(self) -> str:
        """The first TFLite release that has all the ops."""
        return max((op.since for op in self._file.codes), key=version_numbers)

    def model(self, description: str) -> Any:
        """The finished graph as a schema object (`ModelT`), with one signature."""
        signature = schema.SignatureDefT()
        signature.signatureKey = "serving_default"
        signature.inputs = [_tensor_map(name, tensor) for name, tensor in self._inputs]
        signature.outputs = [_tensor_map(name, tensor) for name, tensor in self._outputs]
        model = schema.ModelT()
        model.version = 3
        model.description = description
        model.operatorCodes = [_operator_code(op) for op in self._file.codes]
        model.subgraphs = [graph._subgraph() for graph in self._file.graphs]
        model.buffers = self._file.buffers
        model.signatureDefs = [signature]
        return model

    def _subgraph(self) -> Any:
        subgraph = schema.SubGraphT()
        number = self._file.graphs.index(self)
        subgraph.name = f"part{number}" if number else "main"
        subgraph.tensors = self._tensors
        subgraph.inputs = [tensor.index for _, tensor in self._inputs]
        subgraph.outputs = [tensor.index for _, tensor in self._outputs]
        subgraph.operators = self._operators
        return subgraph


_FLOAT32 = np.dtype(np.float32)
_INT32 = np.dtype(np.int32)

_LAST_TWO_AXES = 0b110
"""A mask of STRIDED_SLICE: of three axes, the last two are taken whole."""


def _broadcast(a: Tensor, b: Tensor) -> tuple[int, ...]:
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
