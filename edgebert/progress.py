"""How a long step tells its caller how far it is; the library itself prints nothing."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called often, from one thread at a time."""

    def __call__(self, done: int, total: int | None, description: str) -> None:
        """Reports that `done` of `total` (None: not known) of `description` is done.

        Downloads count bytes, other steps what they go through.
        """


def silent(done: int, total: int | None, description: str) -> None:
    """Reports to nobody."""
