"""How a long step tells its caller how far it is; the library itself prints nothing."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called often, from one thread at a time."""

    def __call__(self, done: int, total: int | None, description: str) -> None:
        """Reports `done` of `total` bytes (None: not known) of what `description` names."""


def silent(done: int, total: int | None, description: str) -> None:
    """Reports to nobody."""
