"""Tensors as views on memory-mapped files, with every size checked before it is used."""

from __future__ import annotations

import math
import mmap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edgebert.arrays import Array
from edgebert.errors import EdgebertError
from edgebert.lfs_pointer import refuse_lfs_pointer
from edgebert.text_files import shown

Tensor: TypeAlias = npt.NDArray[Any]

ELEMENTS: Mapping[str, np.dtype[Any]] = MappingProxyType(
    {
        "float32": np.dtype("<f4"),
        "float16": np.dtype("<f2"),
        "bfloat16": np.dtype("<u2"),  # the upper half of a float32; numpy has no name for it
        "float64": np.dtype("<f8"),
        "int8": np.dtype("<i1"),
        "uint8": np.dtype("<u1"),
        "bool": np.dtype("?"),
        "int16": np.dtype("<i2"),
        "int32": np.dtype("<i4"),
        "int64": np.dtype("<i8"),
    }
)
"""Element types by name, as they lie in a file (little-endian)."""

_MAX_RANK = 8
_STRIP = 64


class LazyTensors(Mapping[str, Tensor]):
    """Tensors by name, each made when it is asked for, so that errors only come of those in use.

    Attributes:
        readers: what makes each tensor.
    """

    def __init__(self, readers: Mapping[str, Callable[[], Tensor]]) -> None:
        self.readers = readers

    def __getitem__(self, name: str) -> Tensor:
        return self.readers[name]()

    def __contains__(self, name: object) -> bool:
        return name in self.readers

    def __iter__(self) -> Iterator[str]:
        return iter(self.readers)

    def __len__(self) -> int:
        return len(self.readers)


def map_file(path: Path) -> memoryview:
    """A file's bytes, read-only, mapped rather than read.

    Raises:
        EdgebertError: the file is missing, unreadable, empty or a Git LFS pointer.
    """
    try:
        with path.open("rb") as file:
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except ValueError as error:
        raise EdgebertError(f"{path}: the file is empty") from error
    except OSError as error:
        raise EdgebertError(f"{path}: cannot read: {error.strerror or error}") from error
    refuse_lfs_pointer(path, data)
    return data


def tensor_view(
    data: memoryview,
    element: str,
    shape: tuple[int, ...],
    *,
    what: str,
    offset: int = 0,
    strides: tuple[int, ...] | None = None,
) -> Tensor:
    """A tensor in `data`: no copy, but for bfloat16, which becomes float32.

    Args:
        data: bytes of a file, or of one storage in it.
        element: its type, one of `ELEMENTS`.
        shape: at most 8 dimensions, none of them zero.
        what: names file and tensor in an error.
        offset: where the tensor begins, in bytes.
        strides: steps in elements, row-major if None.

    Raises:
        EdgebertError: the type is none of those, the tensor does not lie inside `data`, or it has
            more elements than that (which strides of 0 could make).
    """
    if element not in ELEMENTS:
        raise EdgebertError(f"{what} is of type {shown(element)}; accepted: {', '.join(ELEMENTS)}")
    dtype = ELEMENTS[element]
    there = (len(data) - offset) // dtype.itemsize
    if len(shape) > _MAX_RANK or any(size < 1 for size in shape):
        raise EdgebertError(f"{what} has the shape {list(shape)[:16]}, which no BERT tensor has")
    if strides is None:
        steps = tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
    else:
        steps = strides
    if len(steps) != len(shape) or any(step < 0 for step in steps):
        raise EdgebertError(f"{what} has strides that do not fit its shape {list(shape)}")
    last = sum((size - 1) * step for size, step in zip(shape, steps, strict=True))
    if offset < 0 or math.prod(shape) > there or last >= there:
        raise EdgebertError(
            f"{what} of shape {list(shape)} reaches past the end of its data; "
            "the file is damaged or cut short"
        )
    view: Tensor = np.ndarray(
        shape, dtype, data, offset, tuple(step * dtype.itemsize for step in steps)
    )
    return _widen(view) if element == "bfloat16" else view


def transpose(tensor: Tensor) -> Tensor:
    """A contiguous transpose. In strips that stay in the cache: over twice as fast as numpy's."""
    if tensor.ndim != 2:
        return tensor.T
    rows, columns = tensor.shape
    transposed = np.empty((columns, rows), tensor.dtype)
    for start in range(0, rows, _STRIP):
        transposed[:, start : start + _STRIP] = tensor[start : start + _STRIP].T
    return transposed


def as_weight(tensor: Tensor, what: str) -> Array:
    """A tensor as contiguous float32: itself where it is that already, a copy otherwise.

    Raises:
        EdgebertError: the tensor does not hold floating-point numbers.
    """
    if tensor.dtype.kind != "f":
        raise EdgebertError(
            f"{what} holds {tensor.dtype}; float32, float16, bfloat16 or float64 is needed"
        )
    with np.errstate(over="ignore"):  # what overflows is found when the weights are checked
        return np.require(tensor, np.float32, ("C", "A"))


def _widen(halves: Tensor) -> Array:
    return np.left_shift(halves, 16, dtype=np.uint32).view(np.float32)
