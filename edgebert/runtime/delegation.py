"""How much of a loaded graph XNNPACK, or a GPU, has taken over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Delegation:
    """Share of the ops that a delegate runs, and in how many pieces.

    Attributes:
        ops: of the graph, the delegate's own nodes not counted.
        delegated: how many of them a delegate runs.
        partitions: connected pieces of the graph that were handed over; fewer is better.
    """

    ops: int
    delegated: int
    partitions: int

    @property
    def share(self) -> float:
        """Delegated ops, from 0 to 1."""
        return self.delegated / self.ops if self.ops else 0.0


def delegation(interpreter: Any) -> Delegation:
    """Looks into an interpreter whose tensors are allocated, or asks a `CompiledFile`.

    The node list holds the original ops and, behind them, one DELEGATE node a partition. What lies
    between a partition's inputs and its outputs is what the delegate runs.
    """
    if isinstance(known := getattr(interpreter, "delegation", None), Delegation):
        return known
    nodes = interpreter._get_ops_details()  # there is no public call for it
    partitions = [node for node in nodes if node["op_name"] == "DELEGATE"]
    ops = [node for node in nodes if node["op_name"] != "DELEGATE"]
    maker = {int(tensor): node for node in ops for tensor in node["outputs"]}
    taken: set[int] = set()
    for partition in partitions:
        given = {int(tensor) for tensor in partition["inputs"]}
        reached = [int(tensor) for tensor in partition["outputs"]]
        while reached:
            tensor = reached.pop()
            node = maker.get(tensor)
            if tensor in given or node is None or node["index"] in taken:
                continue
            taken.add(node["index"])
            reached += [int(source) for source in node["inputs"]]
    return Delegation(len(ops), len(taken), len(partitions))
