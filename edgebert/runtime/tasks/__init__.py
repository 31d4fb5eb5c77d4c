"""From a model's output to an answer: one module a task that has more to say than numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from edgebert.bert.weights import Array
from edgebert.model_file.record import Record
from edgebert.runtime.tasks.classify import classify

Finish: TypeAlias = Callable[[Array, int, Record], Any]
"""Output of the graph, number of tokens (padding not counted), record: gives the answer."""


def _vector(output: Array, tokens: int, record: Record) -> Array:
    """The sentence vector [H]."""
    vector: Array = output[0]
    return vector


def _value(output: Array, tokens: int, record: Record) -> float:
    """The value."""
    return float(output[0, 0])


def _rows(output: Array, tokens: int, record: Record) -> Array:
    """One row for each token [n, …], without padding."""
    rows: Array = output[0, :tokens]
    return rows


FINISH: Mapping[str, Finish] = MappingProxyType(
    {
        "embed": _vector,
        "classify": classify,
        "regress": _value,
        "encode": _rows,
        "tag": _rows,
        "answer": _rows,
        "fill-mask": _rows,
    }
)
