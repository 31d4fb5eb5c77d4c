"""The index on disk: an int8 vector a document, opened by memory map.

    header    128 bytes: magic, version, width H, count n, SHA-256 of model file, corpus and prompt
    vectors   int8 [n, H], one after another
    padding   to a multiple of 8
    places    uint64 [n, 2]: offset in the corpus and number of the line
    scales    float32 [n]: a vector of length 1 is its int8 values times its scale

All numbers are little-endian. Nothing is believed of a file before its size fits its header.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from edgebert.arrays import Array
from edgebert.errors import EdgebertError
from edgebert.files import replacing
from edgebert.semantic_search.corpus import Place

Int8: TypeAlias = npt.NDArray[np.int8]

VERSION = 1

_MAGIC = b"EDGEBIDX"
_HEADER = struct.Struct("<8sIIQ32s32s32s")
_HEADER_BYTES = 128
_LEVELS = 127
_WIDEST = 1 << 16


class Header(NamedTuple):
    """What an index was made of.

    Attributes:
        width: size of a vector.
        documents: their number.
        model: SHA-256 of the model file.
        corpus: SHA-256 of the corpus.
        prompt: SHA-256 of the text that was put before each document; zeros: none was.
    """

    width: int
    documents: int
    model: bytes
    corpus: bytes
    prompt: bytes = bytes(32)


@dataclass(frozen=True)
class IndexFile:
    """An open index.

    Attributes:
        vectors: [n, H], a view of the file.
        scales: [n], of each vector.
        places: [n, 2], a view of the file; see `place`.
    """

    path: Path
    header: Header
    vectors: Int8 = field(repr=False)
    scales: Array = field(repr=False)
    places: npt.NDArray[np.uint64] = field(repr=False)

    def place(self, number: int) -> Place:
        """Where a document stands, by its number from 0."""
        offset, line = self.places[number].tolist()
        return Place(offset, line)


def read_index(path: Path) -> IndexFile:
    """Opens an index.

    Raises:
        EdgebertError: it cannot be read, is no index, of another version, or damaged.
    """
    try:
        with path.open("rb") as file:
            header = _header(path, file.read(_HEADER.size), os.fstat(file.fileno()).st_size)
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise EdgebertError(f"{path}: cannot read: {error}") from error
    n, width = header.documents, header.width
    places_at, scales_at, _ = _layout(n, width)
    scales = np.frombuffer(mapped, "<f4", n, scales_at)
    if not (np.isfinite(scales).all() and (scales >= 0).all()):
        raise EdgebertError(f"{path}: damaged index: its scales are no lengths; delete it")
    return IndexFile(
        path=path,
        header=header,
        vectors=np.frombuffer(mapped, np.int8, n * width, _HEADER_BYTES).reshape(n, width),
        scales=scales,
        places=np.frombuffer(mapped, "<u8", 2 * n, places_at).reshape(n, 2),
    )


def write_index(path: Path, header: Header, documents: Iterable[tuple[Array, Place]]) -> None:
    """Writes an index in place of any that is there; on an error that one stays.

    Args:
        path: the file.
        header: its `documents` is their number.
        documents: vectors [H] of any length with the places of their documents; taken one at a
            time.

    Raises:
        EdgebertError: the file cannot be written, or there are more or fewer documents.
    """
    places: list[Place] = []
    scales: list[float] = []
    with replacing(path, force=True) as part, part.open("wb") as file:
        packed = _HEADER.pack(_MAGIC, VERSION, *header)
        file.write(packed.ljust(_HEADER_BYTES, b"\0"))
        for vector, place in documents:
            values, scale = quantize(vector)
            file.write(values.tobytes())
            places.append(place)
            scales.append(scale)
        if len(places) != header.documents:
            raise EdgebertError(
                f"{path}: {len(places)} documents instead of {header.documents}: "
                "the corpus changed meanwhile; try again"
            )
        places_at, _, size = _layout(header.documents, header.width)
        file.write(bytes(places_at - file.tell()))
        file.write(np.array(places, "<u8").tobytes())
        file.write(np.array(scales, "<f4").tobytes())
        assert file.tell() == size  # noqa: S101  # or `read_index` would refuse it


def quantize(vector: Array) -> tuple[Int8, float]:
    """A vector's direction: int8 values [H], and the scale that gives them length 1."""
    largest = float(np.abs(vector).max())
    if not largest:
        return np.zeros(len(vector), np.int8), 0.0
    # In float64, where not even the smallest float32 has an infinite inverse.
    values = np.rint(vector.astype(np.float64) * (_LEVELS / largest)).astype(np.int8)
    return values, 1 / float(np.linalg.norm(values.astype(np.float32)))


def _header(path: Path, raw: bytes, size: int) -> Header:
    if len(raw) < _HEADER.size or not raw.startswith(_MAGIC):
        raise EdgebertError(
            f"{path}: exists already and is no index of edgebert; name another with --index"
        )
    _, version, *fields = _HEADER.unpack(raw)
    if version != VERSION:
        raise EdgebertError(
            f"{path}: an index of version {version}, this edgebert reads {VERSION}; delete it"
        )
    header = Header(*fields)
    if not (0 < header.width <= _WIDEST and header.documents):
        raise EdgebertError(
            f"{path}: damaged index: {header.documents} vectors of {header.width} values; delete it"
        )
    needed = _layout(header.documents, header.width)[-1]
    if size != needed:
        raise EdgebertError(
            f"{path}: damaged index: has {size:,} bytes, its header says {needed:,}; delete it"
        )
    return header


def _layout(count: int, width: int) -> tuple[int, int, int]:
    """Where places and scales begin, and where the file ends, in bytes."""
    places = -(-(_HEADER_BYTES + count * width) // 8) * 8
    scales = places + 16 * count
    return places, scales, scales + 4 * count
