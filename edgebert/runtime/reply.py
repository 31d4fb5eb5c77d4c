"""A task's answer together with what was done to get it."""

from __future__ import annotations

from typing import Any, NamedTuple


class Reply(NamedTuple):
    """An answer with what was done to get it.

    Attributes:
        value: as the task gives it (see `Model`).
        tokens: number of tokens the model saw, special ones and all windows counted.
        truncated: something was cut off to fit the model, and that was not asked for.
    """

    value: Any
    tokens: int
    truncated: bool
