"""Runs a graph of float32 activations that is not yet a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from edgebert.arrays import Array
from edgebert.bert.tasks import TaskName
from edgebert.converter.check import further_inputs
from edgebert.converter.graph import Graph
from edgebert.model_file.serialize import serialize
from edgebert.runtime.chatter import quiet
from edgebert.tokenizer.tokenizer import Encoding


def run_graph(
    graph: Graph, task: TaskName, encodings: Iterable[Encoding], *, keep_all: bool = False
) -> Iterator[Any]:
    """Runs texts one after the other and gives the interpreter after each.

    Args:
        graph: of any length.
        task: says which inputs there are beside the usual ones.
        encodings: the texts.
        keep_all: every tensor can be read, not only the output; slower.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES if keep_all else OpResolverType.AUTO
    with quiet():
        interpreter = Interpreter(
            model_content=bytes(serialize(graph.model(""))),
            num_threads=1,
            experimental_preserve_all_tensors=keep_all,
            experimental_op_resolver_type=resolver,
        )
    inputs = {each["name"]: each["index"] for each in interpreter.get_input_details()}
    sizes: dict[str, int] = {}
    for ids, segment_ids, _ in encodings:
        given: dict[str, Any] = {"ids": ids, "mask": [1] * len(ids), "segment_ids": segment_ids}
        given |= further_inputs(task, len(ids))
        if sizes != (sizes := {name: len(numbers) for name, numbers in given.items()}):
            for name, size in sizes.items():
                interpreter.resize_tensor_input(inputs[name], [1, size])
            with quiet():
                interpreter.allocate_tensors()
        for name, numbers in given.items():
            interpreter.set_tensor(inputs[name], np.array([numbers], np.int32))
        interpreter.invoke()
        yield interpreter


def outputs(graph: Graph, task: TaskName, encodings: Iterable[Encoding]) -> list[Array]:
    """What a graph answers to each text."""
    runs = run_graph(graph, task, encodings)
    return [run.get_tensor(run.get_output_details()[0]["index"]) for run in runs]
