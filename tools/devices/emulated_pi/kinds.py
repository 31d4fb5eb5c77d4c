"""Instructions of an answer by kind of op, beside what its multiply-adds alone would take.

Each op of a file is counted in a graph of its own, less what an empty invoke costs; what the whole
file takes beyond their sum is overhead. XNNPACK runs DEQUANTIZE, GELU and QUANTIZE in a row as one
table, so these are one op here too. `make pi-kinds` writes the tables of docs/static_int8.md.
"""

from __future__ import annotations

import argparse
import itertools
import math
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

import edgebert
from edgebert.checkpoints.sources import MINILM
from edgebert.converter.options import RecipeName
from edgebert.model_file.schema import schema
from edgebert.model_file.serialize import serialize
from tools.devices.emulated_pi.boards import COUNTED
from tools.devices.emulated_pi.count import build_plugin, count, read_marks
from tools.devices.emulated_pi.root import EmulatedPi, default_cache
from tools.docs.pages import write_between_marks

PAGE = Path(__file__).parents[3] / "docs/static_int8.md"
RECIPES: tuple[RecipeName, ...] = ("int8", "int8-static")
TOKENS = 24

MULTIPLY_ADDS: Mapping[str, float] = MappingProxyType({"pi4": 16 / 3, "pi5": 16.0, "phone": 32.0})
"""Of int8, an instruction: SMULL, SMLAL and SADALP take three for 16; SDOT 16; SMMLA 32."""

DENSE, ATTENTION, SOFTMAX = "dense layers", "attention, without softmax", "softmax"
GELU, NORM, QUANTISING = "GELU", "norms and residual sums", "quantising, dequantising, scales"
REST, OVERHEAD = "embeddings, pooling, the rest", "overhead"
KINDS = (DENSE, ATTENTION, SOFTMAX, GELU, NORM, QUANTISING, REST, OVERHEAD)

_BY_OP = MappingProxyType(
    {
        "FULLY_CONNECTED": DENSE,
        "BATCH_MATMUL": ATTENTION,
        "TRANSPOSE": ATTENTION,
        "SOFTMAX": SOFTMAX,
        "GELU": GELU,
        "MEAN": NORM,
        "RSQRT": NORM,
        "SUB": NORM,
        "ADD": NORM,
        "QUANTIZE": QUANTISING,
        "DEQUANTIZE": QUANTISING,
    }
)
_OP_NAMES = {
    code: name for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")
}
_TABLE = ("DEQUANTIZE", "GELU", "QUANTIZE")


@dataclass(frozen=True)
class Piece:
    """One op, or some that are run as one.

    Attributes:
        ops: their places in the graph.
        kind: see `KINDS`.
        multiply_adds: of a dense layer.
    """

    ops: tuple[int, ...]
    kind: str
    multiply_adds: int = 0


class OpenedFile:
    """The graph of a file at some number of tokens."""

    def __init__(self, path: Path, tokens: int) -> None:
        self.model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
        (self.graph,) = self.model.subgraphs
        interpreter = Interpreter(
            str(path),
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        for entry in interpreter.get_input_details():
            interpreter.resize_tensor_input(entry["index"], (1, tokens))
        interpreter.allocate_tensors()
        for entry in interpreter.get_input_details():
            interpreter.set_tensor(entry["index"], np.ones((1, tokens), np.int32))
        interpreter.invoke()  # some shapes are known only then
        self.numbers: dict[int, Any] = {}
        for entry in interpreter.get_tensor_details():
            index = entry["index"]
            if index < len(self.graph.tensors):
                tensor = self.graph.tensors[index]
                tensor.shape, tensor.shapeSignature = list(entry["shape"]), None
                if tensor.type == schema.TensorType.INT32 and not self.constant(index):
                    self.numbers[index] = interpreter.get_tensor(index)

    def name(self, op: int) -> str:
        """The op's name in the schema."""
        code = self.model.operatorCodes[self.graph.operators[op].opcodeIndex]
        return _OP_NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)]

    def constant(self, tensor: int) -> bool:
        """Whether the file has its numbers."""
        data = self.model.buffers[self.graph.tensors[tensor].buffer].data
        return data is not None and len(data) > 0

    def computed(self, op: int) -> list[int]:
        """Those of an op's inputs that are no constants."""
        given = self.graph.operators[op].inputs
        return [tensor for tensor in given if tensor >= 0 and not self.constant(tensor)]

    def readers(self, tensor: int) -> list[int]:
        """The ops that read it."""
        ops = enumerate(self.graph.operators)
        return [number for number, op in ops if tensor in op.inputs]

    def makers(self, op: int) -> set[str]:
        """Names of the ops that its inputs come from."""
        wanted = {*self.computed(op)}
        return {
            self.name(number)
            for number, other in enumerate(self.graph.operators)
            if wanted & {*other.outputs}
        }

    def pieces(self) -> Iterator[Piece]:
        """All ops in the order in which they run."""
        tables = [self._table(op) for op in range(len(self.graph.operators))]
        covered = {op for table in tables if table for op in table}
        for op, table in enumerate(tables):
            if table:
                yield Piece(table, GELU)
            elif op not in covered and self.computed(op):
                yield Piece((op,), self._kind(op), self._multiply_adds(op))

    def _table(self, op: int) -> tuple[int, ...] | None:
        """DEQUANTIZE, GELU and QUANTIZE that begin here and that nobody else reads from."""
        found = [op]
        while self.name(found[-1]) == _TABLE[len(found) - 1]:
            if len(found) == len(_TABLE):
                return tuple(found)
            readers = self.readers(self.graph.operators[found[-1]].outputs[0])
            if len(readers) != 1:
                return None
            found += readers
        return None

    def _kind(self, op: int) -> str:
        name, given = self.name(op), self.computed(op)
        output = self.graph.operators[op].outputs[0]
        if self.graph.tensors[given[0]].type == schema.TensorType.INT32:
            return REST
        if name == "MUL":
            scales = len(given) == 1 and (
                "DEQUANTIZE" in self.makers(op)
                or {self.name(reader) for reader in self.readers(output)} == {"QUANTIZE"}
            )
            return QUANTISING if scales else NORM
        if name == "FULLY_CONNECTED" and self.graph.tensors[output].shape[0] == 1:
            return REST
        if name == "RESHAPE" or name == "SLICE":
            return ATTENTION
        return _BY_OP.get(name, REST)

    def _multiply_adds(self, op: int) -> int:
        if self.name(op) != "FULLY_CONNECTED":
            return 0
        weight, output = self.graph.operators[op].inputs[1], self.graph.operators[op].outputs[0]
        inner = self.graph.tensors[weight].shape[-1]
        return math.prod(int(size) for size in self.graph.tensors[output].shape) * int(inner)

    def alone(self, ops: Sequence[int]) -> bytes:
        """A file of these ops alone: whole numbers, such as sizes, are constants, others inputs."""
        made = {t for op in ops for t in self.graph.operators[op].outputs}
        given = [t for op in ops for t in self.computed(op) if t not in {*made, *self.numbers}]
        given = list(dict.fromkeys(given))
        numbers: dict[int, int] = {-1: -1}
        tensors, buffers, operators = [], [schema.BufferT()], []
        for op in ops:
            operator = copy(self.graph.operators[op])
            for tensor in itertools.chain(operator.inputs, operator.outputs):
                if tensor not in numbers:
                    numbers[tensor] = len(tensors)
                    tensors.append(copy(self.graph.tensors[tensor]))
                    buffers.append(self.model.buffers[tensors[-1].buffer])
                    if tensor in self.numbers and tensor not in made:
                        buffers[-1] = schema.BufferT()
                        buffers[-1].data = self.numbers[tensor].reshape(-1).view(np.uint8)
                    tensors[-1].buffer = len(buffers) - 1
            operator.inputs = [numbers[tensor] for tensor in operator.inputs]
            operator.outputs = [numbers[tensor] for tensor in operator.outputs]
            operators.append(operator)
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = tensors, operators
        graph.inputs = [numbers[tensor] for tensor in given]
        graph.outputs = [numbers[self.graph.operators[ops[-1]].outputs[0]]]
        model = schema.ModelT()
        model.version, model.subgraphs, model.buffers = 3, [graph], buffers
        model.operatorCodes = self.model.operatorCodes
        return bytes(serialize(model))

    def signature(self, ops: Sequence[int]) -> tuple[object, ...]:
        """The same for pieces that cost the same: ops, shapes and types."""
        tensors = [
            (tuple(self.graph.tensors[t].shape), self.graph.tensors[t].type, self.constant(t))
            for op in ops
            for t in (*self.graph.operators[op].inputs, *self.graph.operators[op].outputs)
            if t >= 0
        ]
        return (*map(self.name, ops), *tensors)


@dataclass(frozen=True)
class Split:
    """Instructions of an answer by kind.

    Attributes:
        board: counted on.
        recipe: of the file.
        kinds: instructions of each.
        limit: what its multiply-adds would take with nothing around them.
    """

    board: str
    recipe: RecipeName
    kinds: Mapping[str, int]
    limit: int


def split(pi: EmulatedPi, board: str, recipe: RecipeName, path: Path, tokens: int) -> Split:
    """Counts a file's ops one by one, and the whole.

    Raises:
        RuntimeError: something did not run; with what was printed.
    """
    opened = OpenedFile(path, tokens)
    pieces = list(opened.pieces())
    by_signature = {opened.signature(piece.ops): piece for piece in pieces}
    with tempfile.TemporaryDirectory() as folder:
        files = [_empty(Path(folder))]
        for number, piece in enumerate(by_signature.values()):
            files.append(Path(folder) / f"{number}.tflite")
            files[-1].write_bytes(opened.alone(piece.ops))
        ran = pi.run(
            board,
            [Path(__file__).with_name("guest_ops.py"), *files],
            sites=[pi.site("ai-edge-litert")],
            plugin=build_plugin(pi.cache),
        )
    marks = read_marks(ran, range(len(files)), f"{path} on {board}, op by op")
    empty, *counted = (marks[number] for number in range(len(files)))
    costs = {key: max(0, each - empty) for key, each in zip(by_signature, counted, strict=True)}
    kinds: Counter[str] = Counter()
    for piece in pieces:
        kinds[piece.kind] += costs[opened.signature(piece.ops)]
    (whole,) = count(pi, board, path, [tokens])
    kinds[OVERHEAD] = whole.instructions - kinds.total()
    multiply_adds = sum(piece.multiply_adds for piece in pieces)
    return Split(board, recipe, kinds, round(multiply_adds / MULTIPLY_ADDS[board]))


def _empty(folder: Path) -> Path:
    """A graph that adds two numbers: what an invoke costs by itself."""
    from edgebert.converter.graph import Graph

    graph = Graph()
    graph.output(
        "sum",
        graph.add(
            graph.input("x", (1, 1), np.float32), graph.constant(np.ones((1, 1), np.float32))
        ),
    )
    path = folder / "empty.tflite"
    path.write_bytes(serialize(graph.model("")))
    return path


def table(splits: Sequence[Split]) -> str:
    """Million instructions, a column a file and board."""
    headings = [f"{each.recipe}, {each.board}" for each in splits]
    lines = [f"| | {' | '.join(headings)} |", "|---" * (len(splits) + 1) + "|"]

    def row(name: str, values: Iterator[int]) -> None:
        lines.append(f"| {name} | {' | '.join(f'{value / 1e6:.2f}' for value in values)} |")

    row("multiply-adds alone, at the widest instruction", (each.limit for each in splits))
    for kind in KINDS:
        row(kind, (each.kinds.get(kind, 0) for each in splits))
    row("all", (sum(each.kinds.values()) for each in splits))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=TOKENS)
    parser.add_argument("--board", choices=COUNTED, action="append", help="default: all")
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--publish", action="store_true", help=f"write into {PAGE.name}")
    arguments = parser.parse_args()
    pi = EmulatedPi(arguments.cache)
    splits: list[Split] = []
    with tempfile.TemporaryDirectory() as folder:
        for recipe in RECIPES:
            path = Path(folder) / f"{recipe}.tflite"
            edgebert.convert(MINILM, path, quantize=recipe)
            splits += (
                split(pi, board, recipe, path, arguments.tokens)
                for board in arguments.board or COUNTED
            )
    found = table(splits)
    if arguments.publish:
        write_between_marks(PAGE, "kinds", found)
    print(found)


if __name__ == "__main__":
    main()
