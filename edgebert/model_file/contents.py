"""What lies inside a .tflite: its tensors, ops and bytes by part, read without running it."""

from __future__ import annotations

import mmap
import struct
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edgebert.errors import EdgebertError
from edgebert.model_file.names import LABELS_FILE, RECORD_FILE, UNIGRAM_FILE, VOCABULARY_FILE
from edgebert.model_file.read import check_is_tflite
from edgebert.model_file.schema import schema

ELEMENT_WISE = frozenset({"ADD", "SUB", "MUL"})
"""Ops of two operands of which one may be a constant."""

_MAX_TENSORS = 1_000_000

# Prefix of a constant's name, and the part of the file it is counted in; the first match counts.
_PARTS: Mapping[str, str] = MappingProxyType(
    {
        "embeddings.word": "word table",
        "embeddings.position": "position table",
        "embeddings.": "embeddings, other",
        "layers.": "layers",
        "projections.": "projections",
    }
)
_HEAD = "head"
_STRUCTURE = "graph, names and scales"
_FILES = MappingProxyType(
    {
        VOCABULARY_FILE: "vocabulary",
        UNIGRAM_FILE: "vocabulary",
        LABELS_FILE: "labels",
        RECORD_FILE: "record",
    }
)


@dataclass(frozen=True)
class TensorInfo:
    """A tensor of the graph.

    Attributes:
        shape: -1 is an open size.
        bytes: of a constant; 0 where the tensor is computed.
        scales: how many quantisation scales it has.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    bytes: int
    scales: int

    @property
    def is_real(self) -> bool:
        """Its values are not whole numbers."""
        return self.dtype.startswith(("float", "bfloat", "complex"))


@dataclass(frozen=True)
class OpUsage:
    """A builtin op as the graphs use it: all ops alike in what is told here.

    Attributes:
        op: such as "FULLY_CONNECTED".
        types: of the tensors it reads and writes, without repetition, sorted.
        per_channel: one of its constants has several scales.
        count: in all graphs.
        rank: axes of the tensor that has most.
        stacked_constant: it works element by element, and reads a constant with several rows.
    """

    op: str
    version: int
    types: tuple[str, ...]
    per_channel: bool
    count: int
    rank: int = 0
    stacked_constant: bool = False


@dataclass(frozen=True)
class GraphInfo:
    """A graph that can be called.

    Attributes:
        signature: the name it is called by.
    """

    signature: str
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]


@dataclass(frozen=True)
class Contents:
    """The inside of a file.

    Attributes:
        graphs: those with a signature; the bodies of loops have none.
        tensors: of all graphs; a constant that several graphs share is there once.
        types: how many tensors have each type, those of every graph counted.
        ops: builtin ops with their version, such as "FULLY_CONNECTED v12", and how often.
        uses: the same in more detail.
        parts: bytes by part; they add up to `bytes`.
    """

    bytes: int
    graphs: tuple[GraphInfo, ...]
    tensors: tuple[TensorInfo, ...]
    types: dict[str, int]
    ops: dict[str, int]
    uses: tuple[OpUsage, ...]
    parts: dict[str, int]

    @property
    def real(self) -> tuple[str, ...]:
        """Names of the tensors whose values are not whole numbers."""
        return tuple(tensor.name for tensor in self.tensors if tensor.is_real)


def read_contents(path: Path) -> Contents:
    """Reads any .tflite.

    Raises:
        EdgebertError: no TFLite file, or damaged.
    """
    check_is_tflite(path)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return _contents(path, data)
        except (
            struct.error,
            IndexError,
            ValueError,
            TypeError,
            AttributeError,
            OverflowError,
        ) as error:
            raise EdgebertError(f"{path}: damaged: its graph cannot be read") from error


def _contents(path: Path, data: mmap.mmap) -> Contents:
    model = schema.Model.GetRootAs(data, 0)
    graphs = [model.Subgraphs(i) for i in range(_limited(model.SubgraphsLength()))]
    if not graphs:
        raise ValueError
    tensors = [
        [_tensor(model, graph.Tensors(i)) for i in range(_limited(graph.TensorsLength()))]
        for graph in graphs
    ]
    kept = _without_shared(graphs, tensors)
    uses = _uses(model, graphs, tensors)
    ops: Counter[str] = Counter()
    for use in uses:
        ops[f"{use.op} v{use.version}"] += use.count
    return Contents(
        bytes=len(data),
        graphs=_graphs(model, graphs, tensors),
        tensors=tuple(kept),
        types=dict(Counter(tensor.dtype for each in tensors for tensor in each).most_common()),
        ops=dict(ops.most_common()),
        uses=uses,
        parts=_parts(kept, _files(path), len(data)),
    )


def _limited(count: int) -> int:
    """A number of things in a graph.

    Raises:
        ValueError: there are more than any model of ours has.
    """
    if count > _MAX_TENSORS:
        raise ValueError
    return count


def _graphs(
    model: Any, graphs: Sequence[Any], tensors: Sequence[Sequence[TensorInfo]]
) -> tuple[GraphInfo, ...]:
    found = []
    for i in range(model.SignatureDefsLength()):
        signature = model.SignatureDefs(i)
        number = signature.SubgraphIndex()
        own = tensors[number]
        found.append(
            GraphInfo(
                signature=(signature.SignatureKey() or b"").decode("utf-8", "replace"),
                inputs=_called(signature.Inputs, signature.InputsLength(), own),
                outputs=_called(signature.Outputs, signature.OutputsLength(), own),
            )
        )
    return tuple(found)


def _called(entry: Any, count: int, tensors: Sequence[TensorInfo]) -> tuple[TensorInfo, ...]:
    """The tensors of a signature by the names that it has for them."""
    entries = [entry(i) for i in range(_limited(count))]
    return tuple(
        replace(tensors[e.TensorIndex()], name=(e.Name() or b"").decode("utf-8", "replace"))
        for e in entries
    )


def _without_shared(
    graphs: Sequence[Any], tensors: Sequence[Sequence[TensorInfo]]
) -> list[TensorInfo]:
    """All tensors; a constant that is stored once is there once."""
    stored: set[int] = set()
    kept = []
    for graph, own in zip(graphs, tensors, strict=True):
        for index, tensor in enumerate(own):
            buffer = graph.Tensors(index).Buffer()
            if tensor.bytes and buffer in stored:
                continue
            stored.add(buffer)
            kept.append(tensor)
    return kept


def _tensor(model: Any, tensor: Any) -> TensorInfo:
    shape = tensor.ShapeSignature if tensor.ShapeSignatureLength() else tensor.Shape
    quantization = tensor.Quantization()
    return TensorInfo(
        name=(tensor.Name() or b"").decode("utf-8", "replace"),
        dtype=type_name(tensor.Type()),
        shape=tuple(int(shape(axis)) for axis in range(tensor.ShapeLength())),
        bytes=model.Buffers(tensor.Buffer()).DataLength(),
        scales=quantization.ScaleLength() if quantization else 0,
    )


def _uses(
    model: Any, graphs: Sequence[Any], tensors: Sequence[Sequence[TensorInfo]]
) -> tuple[OpUsage, ...]:
    codes = [model.OperatorCodes(i) for i in range(_limited(model.OperatorCodesLength()))]
    names = [
        _name_of(schema.BuiltinOperator, max(c.BuiltinCode(), c.DeprecatedBuiltinCode()))
        for c in codes
    ]
    found: Counter[OpUsage] = Counter()
    for graph, own in zip(graphs, tensors, strict=True):
        for i in range(_limited(graph.OperatorsLength())):
            operator = graph.Operators(i)
            code = operator.OpcodeIndex()
            read = [own[at] for at in _indices(operator.Inputs, operator.InputsLength())]
            written = [own[at] for at in _indices(operator.Outputs, operator.OutputsLength())]
            use = OpUsage(
                op=names[code],
                version=codes[code].Version(),
                types=tuple(sorted({tensor.dtype for tensor in (*read, *written)})),
                per_channel=any(tensor.scales > 1 for tensor in read),
                count=1,
                rank=max((len(tensor.shape) for tensor in (*read, *written)), default=0),
                stacked_constant=names[code] in ELEMENT_WISE
                and any(tensor.bytes and is_stacked(tensor.shape) for tensor in read),
            )
            found[use] += 1
    return tuple(replace(use, count=count) for use, count in found.most_common())


def is_stacked(shape: Sequence[int]) -> bool:
    """Whether a constant of that shape has several rows."""
    return len(shape) > 1 and shape[0] > 1


def _indices(at: Any, length: int) -> list[int]:
    """Tensors of an op; -1 stands for one that is left out."""
    return [at(i) for i in range(_limited(length)) if at(i) >= 0]


def _parts(tensors: Sequence[TensorInfo], files: dict[str, int], size: int) -> dict[str, int]:
    parts: Counter[str] = Counter()
    for tensor in tensors:
        part = next((p for start, p in _PARTS.items() if tensor.name.startswith(start)), _HEAD)
        parts[part] += tensor.bytes
    parts.update(files)
    parts[_STRUCTURE] = size - sum(parts.values())
    return dict(parts.most_common())


def _files(path: Path) -> dict[str, int]:
    try:
        with zipfile.ZipFile(path) as archive:
            return {_FILES.get(i.filename, "other files"): i.file_size for i in archive.infolist()}
    except zipfile.BadZipFile:
        return {}


def type_name(number: int) -> str:
    """The name of a tensor type of the schema, such as "int8"."""
    return _name_of(schema.TensorType, number).lower()


def _name_of(names: type, value: int) -> str:
    """The name of a number of one of the schema's enumerations."""
    return next((name for name, number in vars(names).items() if number == value), str(value))
