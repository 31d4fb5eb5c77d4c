"""What lies inside a .tflite: its tensors, ops and bytes by part, read without running it."""

from __future__ import annotations

import mmap
import struct
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from edgebert.errors import EdgebertError
from edgebert.model_file.names import LABELS_FILE, RECORD_FILE, VOCABULARY_FILE
from edgebert.model_file.read import check_is_tflite

_MAX_TENSORS = 1_000_000

# Prefix of a constant's name, and the part of the file it is counted in; the first match counts.
_PARTS: Mapping[str, str] = MappingProxyType(
    {
        "embeddings.word": "word table",
        "embeddings.position": "position table",
        "embeddings.": "embeddings, other",
        "layers.": "layers",
    }
)
_HEAD = "head"
_STRUCTURE = "graph, names and scales"
_FILES = MappingProxyType(
    {VOCABULARY_FILE: "vocabulary", LABELS_FILE: "labels", RECORD_FILE: "record"}
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


@dataclass(frozen=True)
class Contents:
    """The inside of a file.

    Attributes:
        ops: builtin ops with their version, such as "FULLY_CONNECTED v12", and how often.
        parts: bytes by part; they add up to `bytes`.
    """

    bytes: int
    tensors: tuple[TensorInfo, ...]
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    ops: dict[str, int]
    parts: dict[str, int]


def read_contents(path: Path) -> Contents:
    """Reads any .tflite with one graph.

    Raises:
        EdgebertError: no TFLite file, or damaged.
    """
    check_is_tflite(path)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return _contents(path, data)
        except (struct.error, IndexError, ValueError, TypeError, AttributeError, OverflowError):
            raise EdgebertError(f"{path}: damaged: its graph cannot be read") from None


def _contents(path: Path, data: mmap.mmap) -> Contents:
    model = schema.Model.GetRootAs(data, 0)
    graph = model.Subgraphs(0)
    if graph.TensorsLength() > _MAX_TENSORS or graph.OperatorsLength() > _MAX_TENSORS:
        raise ValueError
    tensors = [_tensor(model, graph.Tensors(i)) for i in range(graph.TensorsLength())]
    files = _files(path)
    return Contents(
        bytes=len(data),
        tensors=tuple(tensors),
        inputs=tuple(tensors[graph.Inputs(i)] for i in range(graph.InputsLength())),
        outputs=tuple(tensors[graph.Outputs(i)] for i in range(graph.OutputsLength())),
        ops=_ops(model, graph),
        parts=_parts(model, graph, tensors, files, len(data)),
    )


def _tensor(model: Any, tensor: Any) -> TensorInfo:
    shape = tensor.ShapeSignature if tensor.ShapeSignatureLength() else tensor.Shape
    quantization = tensor.Quantization()
    return TensorInfo(
        name=(tensor.Name() or b"").decode("utf-8", "replace"),
        dtype=_name_of(schema.TensorType, tensor.Type()).lower(),
        shape=tuple(int(shape(axis)) for axis in range(tensor.ShapeLength())),
        bytes=model.Buffers(tensor.Buffer()).DataLength(),
        scales=quantization.ScaleLength() if quantization else 0,
    )


def _ops(model: Any, graph: Any) -> dict[str, int]:
    codes = [model.OperatorCodes(i) for i in range(model.OperatorCodesLength())]
    names = [
        f"{_name_of(schema.BuiltinOperator, max(c.BuiltinCode(), c.DeprecatedBuiltinCode()))} "
        f"v{c.Version()}"
        for c in codes
    ]
    used = (graph.Operators(i).OpcodeIndex() for i in range(graph.OperatorsLength()))
    return dict(Counter(names[index] for index in used).most_common())


def _parts(
    model: Any, graph: Any, tensors: list[TensorInfo], files: dict[str, int], size: int
) -> dict[str, int]:
    parts: Counter[str] = Counter()
    counted: set[int] = set()
    for index, tensor in enumerate(tensors):
        buffer = graph.Tensors(index).Buffer()
        if buffer not in counted:
            counted.add(buffer)
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


def _name_of(names: type, value: int) -> str:
    """The name of a number of one of the schema's enumerations."""
    return next((name for name, number in vars(names).items() if number == value), str(value))
