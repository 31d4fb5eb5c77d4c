"""A dictionary that computes what it lacks and stays small."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


class Memo(dict[str, Value]):
    """Remembers `compute(key)`; the look-up of a known key costs no Python call.

    Long keys are not kept, and a full memo starts again from nothing, so that no text, however
    hostile, makes it grow past `limit` short entries. Threads may share one.
    """

    _LONGEST_KEY = 32

    def __init__(self, compute: Callable[[str], Value], *, limit: int) -> None:
        super().__init__()
        self._compute = compute
        self._limit = limit

    def __missing__(self, key: str) -> Value:
        value = self._compute(key)
        if len(key) <= self._LONGEST_KEY:
            if len(self) >= self._limit:
                self.clear()
            self[key] = value
        return value
