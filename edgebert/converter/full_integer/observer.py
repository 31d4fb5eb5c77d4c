"""Runs a graph over texts and shows every value that it computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edgebert.converter.full_integer.emitter import Value
from edgebert.converter.full_integer.integer_graph import Interface
from edgebert.converter.graph import Graph
from edgebert.converter.head import POSITIONS
from edgebert.model_file.serialize import serialize
from edgebert.runtime.chatter import quiet
from edgebert.tokenizer.tokenizer import Encoding

Build: TypeAlias = Callable[[int], tuple[Graph, list[Value]]]
"""Gives the graph for a length, and its values."""

_SHORTEST = 32


@dataclass(frozen=True)
class Activations:
    """What one text made of the values.

    Attributes:
        at: number of the text.
        tokens: of the text.
        length: of the graph, padding included.
        values: by name, as the graph keeps them; to be read before the next text runs.
    """

    at: int
    tokens: int
    length: int
    values: Mapping[str, npt.NDArray[Any]]


def observe(
    build: Build, encodings: Sequence[Encoding], interface: Interface, longest: int
) -> Iterator[Activations]:
    """Runs every text in the shortest graph that takes it, the short ones first.

    Args:
        build: makes the graph of a length.
        encodings: the texts.
        interface: what the graph takes.
        longest: length of the largest graph.
    """
    lengths = sorted({_length(len(encoding.ids), longest) for encoding in encodings})
    for length in lengths:
        runner = _Runner(*build(length), interface, length)
        for at, encoding in enumerate(encodings):
            if _length(len(encoding.ids), longest) == length:
                yield Activations(at, len(encoding.ids), length, runner.run(encoding))


def _length(tokens: int, longest: int) -> int:
    """The power of two, from `_SHORTEST`, that holds so many tokens."""
    return min(max(_SHORTEST, 1 << (tokens - 1).bit_length()), longest)


class _Runner:
    """A graph all of whose values are outputs."""

    def __init__(
        self, graph: Graph, values: Sequence[Value], interface: Interface, length: int
    ) -> None:
        from ai_edge_litert.interpreter import Interpreter

        for value in values:
            graph.output(value.name, value.tensor)
        self._data = bytes(serialize(graph.model("")))
        with quiet():
            self._interpreter = Interpreter(model_content=self._data, num_threads=1)
            self._interpreter.allocate_tensors()
        self._inputs = {d["name"]: d["index"] for d in self._interpreter.get_input_details()}
        details = self._interpreter.get_output_details()[-len(values) :]
        pairs = zip(values, details, strict=True)
        self._outputs = {value.name: detail["index"] for value, detail in pairs}
        self._interface = interface
        self._length = length

    def run(self, encoding: Encoding) -> dict[str, npt.NDArray[Any]]:
        rows = feeds(encoding, self._interface, self._length)
        for name, index in self._inputs.items():
            self._interpreter.set_tensor(index, rows[name])
        self._interpreter.invoke()
        return {name: self._interpreter.get_tensor(i) for name, i in self._outputs.items()}


def feeds(encoding: Encoding, interface: Interface, length: int) -> dict[str, npt.NDArray[Any]]:
    """What to give the inputs of a graph: int32 [1, length] each."""
    count = len(encoding.ids)
    rows = {
        "ids": (encoding.ids, interface.pad_id),
        "mask": ([1] * count, 0),
        "segment_ids": (encoding.segment_ids, 0),
    }
    padded = {name: [*row, *[pad] * (length - count)] for name, (row, pad) in rows.items()}
    padded["positions"] = [at * count // POSITIONS for at in range(POSITIONS)]
    return {name: np.array([row], np.int32) for name, row in padded.items()}
