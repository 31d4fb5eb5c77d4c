"""A schema object tree to the bytes of a .tflite, constants aligned for memory mapping."""

from __future__ import annotations

import itertools
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt

ALIGNMENT = 16
"""Bytes; TFLite's schema asks for it (`force_align: 16` of Buffer.data)."""

# Room for everything but the constants: names, shapes, scales, ops. MiniLM's take 0.14 MB; what is
# not used is never touched.
_OVERHEAD = 1 << 20


class _Builder(flatbuffers.Builder):  # type: ignore[misc]
    """Writes large arrays aligned and without the copy that the base class makes.

    Zero points, of which the format wants one beside every scale of a row, are written once for all
    tensors with as many: 0.6 % of MiniLM's file.
    """

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._zero_points: dict[bytes, int] = {}

    def CreateNumpyVector(self, x: npt.NDArray[Any]) -> int:  # noqa: N802 - the base's name
        if x.dtype != np.int64:
            return self._aligned(x)
        content = x.tobytes()
        if content not in self._zero_points:
            self._zero_points[content] = self._aligned(x)
        return self._zero_points[content]

    def _aligned(self, x: npt.NDArray[Any]) -> int:
        self.StartVector(x.itemsize, x.size, ALIGNMENT)
        self.head -= x.nbytes
        target = memoryview(self.Bytes)[self.head : self.head + x.nbytes]
        np.frombuffer(target, np.uint8)[:] = x.reshape(-1).view(np.uint8)
        self.vectorNumElems = x.size
        return int(self.EndVector())


def serialize(model: Any) -> bytearray:
    """The flatbuffer of a `ModelT`, whose tensors are given names of their own.

    The builder is given room for all constants at once: growing would double and copy it, which
    for a 12/768 costs hundreds of megabytes.
    """
    _name_apart(model)
    constants = sum(len(buffer.data) + 64 for buffer in model.buffers if buffer.data is not None)
    builder = _Builder(constants + _OVERHEAD)
    builder.Finish(model.Pack(builder), b"TFL3")
    data: bytearray = builder.Output()
    return data


def _name_apart(model: Any) -> None:
    """Numbers tensors whose name another one in the file has; inputs and outputs come first.

    Names mean nothing to TFLite, but OpenVINO's reader looks tensors up by them.
    """
    taken: set[str] = set()
    for graph in model.subgraphs:
        for index in dict.fromkeys([*graph.inputs, *graph.outputs, *range(len(graph.tensors))]):
            tensor = graph.tensors[index]
            numbered = (f"{tensor.name}#{number}" for number in itertools.count(2))
            tensor.name = next(
                name for name in itertools.chain([tensor.name], numbered) if name not in taken
            )
            taken.add(tensor.name)
