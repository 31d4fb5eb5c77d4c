"""A session of a file that has a graph for each of a few lengths, full-integer files above all."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edgebert.arrays import Array
from edgebert.errors import EdgebertError
from edgebert.runtime.chatter import quiet
from edgebert.runtime.engines import ENGINE_ERRORS, engine_error
from edgebert.runtime.forking import fork_safe_lock
from edgebert.runtime.session import INPUTS, NO_FURTHER, check_count, check_further, closed
from edgebert.runtime.tasks.embed import to_length_one
from edgebert.runtime.tasks.scores import sigmoid, softmax

if TYPE_CHECKING:
    from pathlib import Path

    from edgebert.model_file.fixed_graphs import FixedGraphs
    from edgebert.runtime.delegation import Delegation

Ids: TypeAlias = npt.NDArray[np.int32]

FINISH: Mapping[str, Callable[[Array], Array]] = MappingProxyType(
    {
        "none": lambda output: output,
        "normalize": to_length_one,
        "softmax": softmax,
        "sigmoid": sigmoid,
    }
)
"""What is left to be done to an output, by its name in the record (`Integer.host`)."""


class FixedSession:
    """Runs token ids through the graphs of a .tflite of fixed lengths; see `Session`.

    A text is padded to the smallest length that holds it. Whole numbers in the output are
    de-quantised and finished here, so that it is what a file in float gives, within their
    precision.

    Args:
        path: the .tflite, for messages.
        engine: name of the engine.
        interpreter: has opened the file.
        fixed: what the file's record says of its graphs.
        step: the length taken is the smallest that holds the next multiple of it.

    Raises:
        EdgebertError: the graphs are not those of the record.
    """

    def __init__(
        self, path: str | Path, engine: str, interpreter: Any, *, fixed: FixedGraphs, step: int
    ) -> None:
        self._path, self._started = path, False
        self.engine, self._interpreter = engine, interpreter
        self._fixed, self._step = fixed, step
        self._lock = fork_safe_lock("session")
        self._call = _Call()
        self._watched: Any = self._call
        try:
            with quiet():
                self._graphs = [_Graph(interpreter, length) for length in sorted(fixed.lengths)]
            names = {graph.inputs for graph in self._graphs}
            (self._names,) = names
            if "ids" not in self._names or {*self._names} != {*fixed.inputs}:
                raise ValueError
        except (*ENGINE_ERRORS, KeyError, IndexError) as error:
            raise EdgebertError(
                f"{path}: damaged: its graphs are not those that its record tells of; convert again"
            ) from error
        self.max_length = self._graphs[-1].length
        self.inputs = tuple(name for name in INPUTS if name in self._names)
        self.further_inputs = tuple(name for name in self._names if name not in INPUTS)
        self.output_width = self._graphs[0].width

    def run(
        self,
        ids: Sequence[int],
        segment_ids: Sequence[int] | None = None,
        further: Mapping[str, Sequence[int]] = NO_FURTHER,
    ) -> Array:
        """See `Session.run`. A file that takes `ids` alone knows the segments by them."""
        tokens = len(ids)
        check_count(tokens, self.max_length)
        check_further(further, self.further_inputs, self.inputs, tokens)
        least = min(-(-tokens // self._step) * self._step, self.max_length)
        with self._lock:
            if self._interpreter is None:
                closed()
            graph = next(graph for graph in self._graphs if graph.length >= least)
            values = padded(self._fixed, ids, segment_ids, graph.length)
            output = np.concatenate(
                [self._invoke(graph, {**values, **part}) for part in graph.parts(further)], axis=1
            )
        if further:
            (asked,) = further.values()
            output = output[:, : len(asked)]
        elif graph.row_a_token:
            output = output[:, :tokens]
        return FINISH[self._fixed.host](self._exact_mean(output, tokens))

    def watch(self, around: Callable[[Any], Any]) -> None:
        """See `Session.watch`."""
        with self._lock:
            self._watched = around(self._watched)

    def delegation(self) -> Delegation:
        """See `Session.delegation`: of the shortest length, which runs for it; all are alike."""
        from edgebert.runtime.delegation import delegation

        self.run([self._fixed.pad_id], further={name: [0] for name in self.further_inputs})
        with self._lock:
            return delegation(self._interpreter)

    def close(self) -> None:
        """See `Session.close`."""
        with self._lock:
            self._interpreter = None
            self._graphs = []
            self._watched = self._call = _Call()

    def _invoke(self, graph: _Graph, values: Mapping[str, Ids]) -> Array:
        """The de-quantised output for values of all inputs."""
        self._call.runner, self._call.values = graph.runner, values
        try:
            with contextlib.nullcontext() if self._started else quiet():
                self._watched.invoke()
        except ENGINE_ERRORS as error:
            raise engine_error(self._path, self.engine, "run", error) from error
        self._started = True
        return graph.real(self._call.outputs["output"])

    def _exact_mean(self, output: Array, tokens: int) -> Array:
        """Undoes the rounding of the weight 1 / tokens in a graph that takes a mean over tokens."""
        step = self._fixed.mean_step
        if step is None:
            return output
        weight = max(1.0, np.rint(1 / (tokens * step))) * step
        exact: Array = output * np.float32(1 / (tokens * weight))
        return exact


def padded(
    fixed: FixedGraphs, ids: Sequence[int], segment_ids: Sequence[int] | None, length: int
) -> dict[str, Ids]:
    """What a graph is given for some tokens, without further inputs: int32 [1, length] each."""
    tokens = len(ids)
    values = {name: np.zeros((1, length), np.int32) for name in fixed.inputs if name in INPUTS}
    values["ids"][0, :tokens] = ids
    values["ids"][0, tokens:] = fixed.pad_id
    if "mask" in values:
        values["mask"][0, :tokens] = 1
    if "segment_ids" in values and segment_ids is not None:
        values["segment_ids"][0, :tokens] = segment_ids
    return values


class _Graph:
    """The graph of one length.

    Attributes:
        runner: of its signature.
        inputs: their names, those of `INPUTS` and others.
        width: size of the output's last axis.
        row_a_token: the output is [1, length, …].

    Raises:
        ValueError: the file has no such signature.
        KeyError: it has not the output that is needed.
    """

    def __init__(self, interpreter: Any, length: int) -> None:
        self.length = length
        self.runner = interpreter.get_signature_runner(f"length_{length}")
        inputs = self.runner.get_input_details()
        output = self.runner.get_output_details()["output"]
        self.inputs = tuple(sorted(inputs))
        self.width = int(output["shape"][-1])
        self._sizes = {n: int(d["shape"][-1]) for n, d in inputs.items() if n not in INPUTS}
        self.row_a_token = len(output["shape"]) > 2 and not self._sizes
        self._scale, self._zero_point = output["quantization"]

    def parts(self, further: Mapping[str, Sequence[int]]) -> Iterator[dict[str, Ids]]:
        """Values of the further inputs in as many runs as they take; unused places hold 0."""
        if not further:
            yield {}
        for name, numbers in further.items():
            size = self._sizes[name]
            for start in range(0, len(numbers), size):
                part = np.zeros((1, size), np.int32)
                chosen = numbers[start : start + size]
                part[0, : len(chosen)] = chosen
                yield {name: part}

    def real(self, output: Array) -> Array:
        """What the whole numbers of an output stand for."""
        if not self._scale:
            return output
        exact: Array = (output.astype(np.float32) - self._zero_point) * np.float32(self._scale)
        return exact


class _Call:
    """A run of any graph as something with `invoke`, which is what watchers know."""

    def __init__(self) -> None:
        self.runner: Any = closed
        self.values: Mapping[str, Ids] = MappingProxyType({})
        self.outputs: Any = None

    def invoke(self) -> None:
        """Runs the graph."""
        self.outputs = self.runner(**self.values)
