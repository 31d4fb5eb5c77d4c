"""What the dense layers of a model read on real texts: for each the sum of x xᵀ over its rows x."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from edgebert.arrays import Array
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.bert_graph import write_graph
from edgebert.converter.builder import Builder
from edgebert.converter.fold import fold
from edgebert.converter.graph import Graph, Tensor
from edgebert.converter.graph_ops import GraphOps, T
from edgebert.converter.head import Head
from edgebert.converter.run_graph import run_graph
from edgebert.converter.weight_storage import FLOAT32, Stored, WeightStorage
from edgebert.tokenizer.tokenizer import Encoding

Hessian: TypeAlias = npt.NDArray[np.float32]

_ROWS = 512

MOST_BYTES = 256 << 20
"""Of all sums that are made at once: the texts go through a larger model several times."""


@dataclass(frozen=True)
class _Watching(WeightStorage):
    """float32, with a note of what each dense layer reads.

    Attributes:
        read: numbers of tensors, by the name of the matrix; several where layers share weights.
    """

    read: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def dense(self, graph: GraphOps[T], x: T, stored: Stored, bias: Array | None, name: str) -> T:
        self.read[name].append(x.index)  # type: ignore[attr-defined]  # of a `Graph`
        return super().dense(graph, x, stored, bias, name)


class _Sum:
    """x xᵀ over rows of some width. They are multiplied many at once, which is quicker."""

    def __init__(self, width: int) -> None:
        self._total = np.zeros((width, width), np.float32)
        self._rows: list[Array] = []
        self._count = 0

    def add(self, x: Array) -> None:
        """Rows, and perhaps axes before them."""
        rows = x.reshape(-1, len(self._total))
        self._rows.append(rows)
        self._count += len(rows)
        if self._count >= _ROWS:
            self.finished()

    def finished(self) -> Hessian:
        """With all rows that were added."""
        if self._rows:
            rows = np.concatenate(self._rows)
            self._total += rows.T @ rows
            self._rows, self._count = [], 0
        return self._total


class DenseInputs:
    """A model in float32 whose dense layers are watched.

    Args:
        checkpoint: the model.
        head: what it computes.
        encodings: the texts.

    Attributes:
        matrices: float32 [out, in], by the names that the graph has for them.
    """

    def __init__(self, checkpoint: Checkpoint, head: Head, encodings: Sequence[Encoding]) -> None:
        storage = _Watching(FLOAT32.store_matrix, FLOAT32.store_table, repeats=False)
        weights = fold(checkpoint.weights, checkpoint.config)
        graph = Graph()
        builder: Builder[Tensor] = Builder(checkpoint.config, weights, storage, graph)
        write_graph(builder, head)
        self.matrices: Mapping[str, Array] = {name: builder.matrices[name] for name in storage.read}
        self._read = storage.read
        self._task = head.task
        self._encodings = encodings
        self._graph = graph

    def hessians(self, names: Sequence[str]) -> Iterator[tuple[str, Hessian]]:
        """The sum for each of some matrices, [in, in], in an order of their own."""
        for group in self._groups(names):
            sums = {name: _Sum(self._width(name)) for name in group}
            for run in run_graph(self._graph, self._task, self._encodings, keep_all=True):
                for name, total in sums.items():
                    for index in self._read[name]:
                        total.add(run.get_tensor(index))
            while sums:
                name, total = sums.popitem()
                yield name, total.finished()

    def _width(self, name: str) -> int:
        return int(self.matrices[name].shape[1])

    def _groups(self, names: Sequence[str]) -> Iterator[list[str]]:
        """Names whose sums fit in `MOST_BYTES`, or one alone."""
        group: list[str] = []
        size = 0
        for name in names:
            more = 4 * self._width(name) ** 2
            if group and size + more > MOST_BYTES:
                yield group
                group, size = [], 0
            group.append(name)
            size += more
        if group:
            yield group
