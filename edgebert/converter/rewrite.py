"""Ops that a target lacks, written in those that it has: a pass over the finished graphs.

Each rewriting gives the same numbers, or differs by the rounding of a tie.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebert.arrays import Array
from edgebert.converter.ops import OPS, Op
from edgebert.converter.targets import STACKED_CONSTANT, Target
from edgebert.model_file.contents import ELEMENT_WISE, OpUsage, is_stacked, type_name
from edgebert.model_file.schema import schema

LOWEST, HIGHEST = -128, 127
"""Of int8."""


def rewrite(model: Any, target: Target | None) -> None:
    """Writes what `target` lacks in other ops, where `REWRITINGS` knows how and it has those.

    Args:
        model: a schema object (`ModelT`); its graphs are changed.
        target: None leaves everything as it is.
    """
    if target is None:
        return
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if name[0] != "_"}
    for subgraph in model.subgraphs:
        graph = _Graph(model, subgraph)
        written: list[Any] = []
        for operator in subgraph.operators:
            name = names[model.operatorCodes[operator.opcodeIndex].builtinCode]
            rewriting = REWRITINGS.get(name)
            if rewriting and rewriting.helps(graph.use(operator, name), target):
                written += rewriting.write(graph, operator)
            else:
                written.append(operator)
        subgraph.operators = written
    _drop_unused_codes(model)


@dataclass(frozen=True)
class Rewriting:
    """One op written in others.

    Attributes:
        needs: names of the ops that it is written in.
        write: the new operators for an old one.
        reason: for which it helps, of those that a target has for not taking the op; None: any.
    """

    needs: tuple[str, ...]
    write: Callable[[_Graph, Any], list[Any]]
    reason: str | None = None

    def helps(self, use: OpUsage, target: Target) -> bool:
        """Whether the target lacks the op but has all that it is written in."""
        lacks = target.lacks(use)
        if lacks is None or self.reason not in (None, lacks):
            return False
        return all(op in target.ops for op in self.needs)


class _Graph:
    """A graph of a model, to which tensors and operators are added."""

    def __init__(self, model: Any, subgraph: Any) -> None:
        self._model = model
        self._tensors: list[Any] = subgraph.tensors

    def use(self, operator: Any, name: str) -> OpUsage:
        """What a target wants to know of an operator."""
        read = [self._tensors[at] for at in operator.inputs if at >= 0]
        written = [self._tensors[at] for at in operator.outputs]
        scales = [len(t.quantization.scale) for t in read if _is_quantized(t)]
        return OpUsage(
            op=name,
            version=self._model.operatorCodes[operator.opcodeIndex].version,
            types=tuple(sorted({type_name(tensor.type) for tensor in (*read, *written)})),
            per_channel=any(count > 1 for count in scales),
            count=1,
            rank=max(len(tensor.shape) for tensor in (*read, *written)),
            stacked_constant=name in ELEMENT_WISE
            and any(self.is_constant(each) and is_stacked(each.shape) for each in read),
        )

    def is_constant(self, tensor: Any) -> bool:
        """Whether a tensor is stored, not computed."""
        return self._model.buffers[tensor.buffer].data is not None

    def tensor(self, index: int) -> Any:
        """A tensor by its number."""
        return self._tensors[index]

    def constant(self, array: npt.NDArray[Any], kind: int, like: Any = None) -> int:
        """The number of a new constant; its scale is that of the tensor `like`."""
        data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        buffers = self._model.buffers
        same = (
            number
            for number, buffer in enumerate(buffers)
            if buffer.data is not None and np.array_equal(buffer.data, data)
        )
        number = next(same, len(buffers))
        if number == len(buffers):
            buffer = schema.BufferT()
            buffer.data = data
            buffers.append(buffer)
        return self.add(kind, array.shape, like, buffer=number)

    def add(
        self, kind: int, shape: Sequence[int], like: Any = None, *, buffer: int = 0, name: str = ""
    ) -> int:
        """The number of a new tensor; its scale and zero point are those of the tensor `like`."""
        made = schema.TensorT()
        made.type, made.shape, made.buffer, made.hasRank = kind, list(shape), buffer, True
        made.name = name or f"t{len(self._tensors)}"
        made.quantization = like.quantization if like is not None else None
        self._tensors.append(made)
        return len(self._tensors) - 1

    def reshape(self, source: int, output: int) -> Any:
        """The operator that gives a tensor the shape of another."""
        shape = np.array(self._tensors[output].shape, np.int32)
        return self.operator(
            OPS["reshape"], [source, self.constant(shape, schema.TensorType.INT32)], output
        )

    def operator(self, op: Op, inputs: Sequence[int], output: int, **options: int) -> Any:
        """A new operator."""
        made = schema.OperatorT()
        made.opcodeIndex = self._code(op)
        made.inputs, made.outputs = list(inputs), [output]
        if op.options:
            made.builtinOptionsType = getattr(schema.BuiltinOptions, op.options)
            made.builtinOptions = getattr(schema, f"{op.options}T")()
            for name, value in options.items():
                setattr(made.builtinOptions, name, value)
        return made

    def _code(self, op: Op) -> int:
        wanted = (getattr(schema.BuiltinOperator, op.name), op.version)
        codes = self._model.operatorCodes
        found = [(code.builtinCode, code.version) for code in codes]
        if wanted not in found:
            code = schema.OperatorCodeT()
            code.builtinCode, code.version = wanted
            code.deprecatedBuiltinCode = min(wanted[0], 127)
            codes.append(code)
            found.append(wanted)
        return found.index(wanted)


def _look_up(function: Callable[[Array, Any], Array]) -> Callable[[_Graph, Any], list[Any]]:
    """A function of one int8 value as a table of its 256 results: CAST, ADD 128, GATHER."""

    def write(graph: _Graph, operator: Any) -> list[Any]:
        (source,), (output,) = operator.inputs, operator.outputs
        read, written = graph.tensor(source), graph.tensor(output)
        numbers = np.arange(LOWEST, HIGHEST + 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            values = function(_real(numbers, read), operator.builtinOptions)
        table = graph.constant(_kept(values, written), schema.TensorType.INT8, written)
        offset = graph.constant(np.array([-LOWEST], np.int32), schema.TensorType.INT32)
        wide, rows = (graph.add(schema.TensorType.INT32, read.shape) for _ in range(2))
        return [
            graph.operator(OPS["cast"], [source], wide),
            graph.operator(OPS["add"], [wide, offset], rows),
            graph.operator(OPS["gather_int8"], [table, rows], output),
        ]

    return write


def _convolve(graph: _Graph, operator: Any) -> list[Any]:
    """A dense layer as a convolution of one point, whose weights may have a scale a channel."""
    source, weight, *rest = operator.inputs
    (output,) = operator.outputs
    read, matrix, written = graph.tensor(source), graph.tensor(weight), graph.tensor(output)
    outputs, inputs = matrix.shape
    rows = math.prod(read.shape) // inputs
    flat = graph.add(read.type, (1, rows, 1, inputs), read)
    filters = graph.add(
        matrix.type, (outputs, 1, 1, inputs), matrix, buffer=matrix.buffer, name=matrix.name
    )
    bias = rest[0] if rest and rest[0] >= 0 else _zero_bias(graph, read, matrix)
    convolved = graph.add(written.type, (1, rows, 1, outputs), written)
    shapes = [
        graph.constant(np.array(shape, np.int32), schema.TensorType.INT32)
        for shape in ((1, rows, 1, inputs), written.shape)
    ]
    return [
        graph.operator(OPS["reshape"], [source, shapes[0]], flat),
        graph.operator(
            CONVOLUTION,
            [flat, filters, bias],
            convolved,
            padding=schema.Padding.VALID,
            strideW=1,
            strideH=1,
            dilationWFactor=1,
            dilationHFactor=1,
            fusedActivationFunction=operator.builtinOptions.fusedActivationFunction,
        ),
        graph.operator(OPS["reshape"], [convolved, shapes[1]], output),
    ]


def _unstacked(graph: _Graph, operator: Any) -> list[Any]:
    """The op with one more axis in front of its operands, so that no constant has several rows."""
    (output,) = operator.outputs
    written = graph.tensor(output)
    inner = graph.add(written.type, (1, *written.shape), written)
    before, inputs = [], []
    for index in operator.inputs:
        tensor = graph.tensor(index)
        shape = (1, *tensor.shape)
        if len(tensor.shape) < len(written.shape):
            inputs.append(index)
        elif graph.is_constant(tensor):
            inputs.append(graph.add(tensor.type, shape, tensor, buffer=tensor.buffer))
        else:
            inputs.append(graph.add(tensor.type, shape, tensor))
            before.append(graph.reshape(index, inputs[-1]))
    operator.inputs, operator.outputs = inputs, [inner]
    return [*before, operator, graph.reshape(inner, output)]


def _normalized(graph: _Graph, operator: Any) -> list[Any]:
    """Scaling to length 1, as x / sqrt(n (mean of squares + next to nothing)); in float32."""
    (source,), (output,) = operator.inputs, operator.outputs
    read = graph.tensor(source)
    wide, narrow = tuple(read.shape), (*read.shape[:-1], 1)
    real = schema.TensorType.FLOAT32
    axis = graph.constant(np.array([len(wide) - 1], np.int32), schema.TensorType.INT32)
    tiny, factor = (
        graph.constant(np.array(number, np.float32), real)
        for number in (_TINY, 1 / math.sqrt(wide[-1]))
    )
    squares, whole = (graph.add(real, wide) for _ in range(2))
    mean, kept, inverse = (graph.add(real, narrow) for _ in range(3))
    return [
        graph.operator(OPS["mul"], [source, source], squares),
        graph.operator(OPS["mean"], [squares, axis], mean, keepDims=True),
        graph.operator(OPS["add"], [mean, tiny], kept),
        graph.operator(OPS["rsqrt"], [kept], inverse),
        graph.operator(OPS["mul"], [source, inverse], whole),
        graph.operator(OPS["mul"], [whole, factor], output),
    ]


def _zero_bias(graph: _Graph, read: Any, matrix: Any) -> int:
    """The bias of a layer that has none: NNAPI wants one."""
    zeros = np.zeros(matrix.shape[0], np.int32)
    number = graph.constant(zeros, schema.TensorType.INT32)
    bias = graph.tensor(number)
    bias.quantization = schema.QuantizationParametersT()
    scale = np.float32(read.quantization.scale[0]) * np.asarray(
        matrix.quantization.scale, np.float32
    )
    bias.quantization.scale = scale
    bias.quantization.zeroPoint = np.zeros(len(scale), np.int64)
    return number


def _is_quantized(tensor: Any) -> bool:
    return tensor.quantization is not None and tensor.quantization.scale is not None


def _real(numbers: npt.NDArray[np.integer[Any]], tensor: Any) -> Array:
    """What the numbers of a tensor stand for."""
    scale, zero_point = tensor.quantization.scale[0], tensor.quantization.zeroPoint[0]
    real: Array = (numbers - int(zero_point)).astype(np.float32) * np.float32(scale)
    return real


def _kept(values: Array, tensor: Any) -> npt.NDArray[np.int8]:
    """How a tensor keeps values; what is not finite becomes its highest number, as in TFLite."""
    scale, zero_point = tensor.quantization.scale[0], tensor.quantization.zeroPoint[0]
    steps = values / np.float32(scale)
    rounded = np.copysign(np.floor(np.abs(steps) + np.float32(0.5)), steps)  # ties away from 0
    rounded = np.where(np.isfinite(rounded), rounded + int(zero_point), HIGHEST)
    return np.clip(rounded, LOWEST, HIGHEST).astype(np.int8)


def _gelu(x: Array, options: Any) -> Array:
    if options.approximate:
        inner = np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)
        return np.asarray(0.5 * x * (1 + np.tanh(inner)), np.float32)
    erf = np.array([math.erf(value) for value in (x / np.sqrt(2)).tolist()])
    return np.asarray(0.5 * x * (1 + erf), np.float32)


def _rsqrt(x: Array, options: Any) -> Array:
    return np.asarray(np.where(x > 0, 1 / np.sqrt(x), np.inf), np.float32)


def _drop_unused_codes(model: Any) -> None:
    """Takes the codes of ops that no graph has any more out of the model."""
    operators = [operator for graph in model.subgraphs for operator in graph.operators]
    used = sorted({operator.opcodeIndex for operator in operators})
    model.operatorCodes = [model.operatorCodes[index] for index in used]
    for operator in operators:
        operator.opcodeIndex = used.index(operator.opcodeIndex)


CONVOLUTION = Op("CONV_2D", 3, "1.14", "Conv2DOptions")

_TABLE = ("CAST", "ADD", "GATHER")

_TINY = 1e-20
"""So that zeros, which have no direction, stay zeros."""

_ROWS = Rewriting(("RESHAPE",), _unstacked, STACKED_CONSTANT)

REWRITINGS: Mapping[str, Rewriting] = MappingProxyType(
    {
        "GELU": Rewriting(_TABLE, _look_up(_gelu)),
        "RSQRT": Rewriting(_TABLE, _look_up(_rsqrt)),
        "FULLY_CONNECTED": Rewriting(("CONV_2D", "RESHAPE"), _convolve),
        "L2_NORMALIZATION": Rewriting(("MUL", "MEAN", "ADD", "RSQRT"), _normalized),
        **dict.fromkeys(sorted(ELEMENT_WISE), _ROWS),
    }
)
"""By the op that is rewritten. The first three are of int8: no target of ours takes int16 and lacks
one of them."""
