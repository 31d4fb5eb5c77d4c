"""TensorFlow's checkpoint files (`*.index`, `*.data-…-of-…`), read without TensorFlow.

The index is a sorted table: key "" holds a BundleHeaderProto, every other key is the name of a
tensor and its value a BundleEntryProto (tensorflow/core/protobuf/tensor_bundle.proto).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edgebert.checkpoints.mapped import LazyTensors, Tensor, map_file, tensor_view
from edgebert.checkpoints.sorted_table import masked_crc32c, read_sorted_table
from edgebert.checkpoints.wire import MalformedError, messages, number, parse_message
from edgebert.errors import EdgebertError
from edgebert.text_files import shown

_INDEX_LIMIT = 64 << 20  # bytes; the index of BERT-base with its optimiser has some 50 kB

# tensorflow/core/framework/types.proto; tensors of other types are listed but cannot be read.
_ELEMENT_OF_DTYPE = {
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    9: "int64",
    10: "bool",
    14: "bfloat16",
    19: "float16",
}


@dataclass(frozen=True)
class BundleEntry:
    """Where one tensor lies.

    Attributes:
        dtype: TensorFlow's number of the element type.
        shard: which data file.
        offset: first byte in it.
        size: number of bytes.
        crc32c: masked checksum of the bytes.
        is_sliced: the tensor is kept in parts, under other keys.
    """

    dtype: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    crc32c: int
    is_sliced: bool


class TensorBundle(LazyTensors):
    """The tensors of a checkpoint by name. Reading one maps its data file and verifies its bytes.

    Attributes:
        path: of the index; the data files lie beside it.
        entries: what the index says of each tensor.

    Raises:
        EdgebertError: the index is no such file, damaged or big-endian. Reading a tensor raises it
            where its data is missing, cut short or damaged, or not made of numbers.
    """

    def __init__(self, index: Path) -> None:
        self.path = index
        data = map_file(index)
        try:
            if len(data) > _INDEX_LIMIT:
                raise MalformedError(f"{len(data)} bytes")
            table = read_sorted_table(data)
            self._shards = _shard_count(table.pop(b"", b""))
            self.entries: Mapping[str, BundleEntry] = {
                key.decode("utf-8"): _parse_entry(value) for key, value in table.items()
            }
        except ValueError as error:  # MalformedError, or a name that is not UTF-8
            raise EdgebertError(
                f"{index}: not a TensorFlow checkpoint index, or a damaged one ({shown(error)})"
            ) from error
        self._data: dict[int, memoryview] = {}
        super().__init__({name: partial(self._read, name) for name in self.entries})

    def _read(self, name: str) -> Tensor:
        entry = self.entries[name]
        what = f"{self.path}: tensor {name}"
        element = _ELEMENT_OF_DTYPE.get(entry.dtype)
        if element is None or entry.is_sliced:
            form = "kept in slices" if entry.is_sliced else f"of TensorFlow type {entry.dtype}"
            raise EdgebertError(f"{what} is {form}; whole tensors of numbers are accepted")
        data = self._shard(entry.shard)[entry.offset : entry.offset + entry.size]
        if len(data) < entry.size or masked_crc32c(data) != entry.crc32c:
            raise EdgebertError(
                f"{what} does not match its checksum; the data file is damaged or cut short"
            )
        return tensor_view(data, element, entry.shape, what=what)

    def _shard(self, shard: int) -> memoryview:
        if shard not in self._data:
            name = f"{self.path.stem}.data-{shard:05d}-of-{self._shards:05d}"
            self._data[shard] = map_file(self.path.with_name(name))
        return self._data[shard]


def _shard_count(header: bytes) -> int:
    """Number of data files, from a BundleHeaderProto."""
    fields = parse_message(header)
    if number(fields, 2) != 0:
        raise MalformedError("big-endian")
    return number(fields, 1)


def _parse_entry(value: bytes) -> BundleEntry:
    """A BundleEntryProto; its shape is a message of dimensions, each a message with a size."""
    fields = parse_message(value)
    shapes = messages(fields, 2) or [{}]
    return BundleEntry(
        dtype=number(fields, 1),
        shape=tuple(number(dimension, 1) for dimension in messages(shapes[-1], 2)),
        shard=number(fields, 3),
        offset=number(fields, 4),
        size=number(fields, 5),
        crc32c=number(fields, 6),
        is_sliced=7 in fields,
    )
