"""How much a graph multiplies: what its dense layers and its attention do at a length."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType


@dataclass(frozen=True)
class Work:
    """Multiply-adds of one answer.

    Attributes:
        dense: of products with weights.
        attention: of products of activations with each other.
    """

    dense: int
    attention: int

    @property
    def total(self) -> int:
        """Both."""
        return self.dense + self.attention


def measure_work(path: Path, tokens: int) -> Work:
    """Adds up the products of a file's graph, as the engine lays it out for a length."""
    interpreter = Interpreter(
        str(path),
        # A delegate would hide the ops that it runs.
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    for entry in interpreter.get_input_details():
        interpreter.resize_tensor_input(entry["index"], (1, tokens))
    interpreter.allocate_tensors()
    shapes = {entry["index"]: entry["shape"] for entry in interpreter.get_tensor_details()}
    sums = {"FULLY_CONNECTED": 0, "BATCH_MATMUL": 0}
    for op in interpreter._get_ops_details():
        if op["op_name"] in sums:
            sums[op["op_name"]] += _products(op, shapes)
    return Work(dense=sums["FULLY_CONNECTED"], attention=sums["BATCH_MATMUL"])


def _products(op: dict[str, Any], shapes: dict[int, Any]) -> int:
    """Each element of the output is a sum over the last axis of the first input."""
    return int(np.prod(shapes[op["outputs"][0]]) * shapes[op["inputs"][0]][-1])
