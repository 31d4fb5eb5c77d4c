"""Trying again after a lost connection."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from edgebert.checkpoints.download import Patience
from edgebert.errors import EdgebertError

Result = TypeVar("Result")


class LostConnectionError(Exception):
    """The connection broke off, or could not be made; another try may succeed."""


def never_moves() -> int:
    """For steps that have no way marks."""
    return 0


def patiently(
    step: Callable[[], Result],
    device: str,
    patience: Patience,
    moved: Callable[[], int] = never_moves,
) -> Result:
    """Repeats a step after a lost connection, as long as every few tries bring something.

    Args:
        step: to do.
        device: for the message.
        patience: `retries` tries in a row may bring nothing, with a longer `pause` each time.
        moved: how far the step is.

    Raises:
        EdgebertError: the connection is lost for good.
    """
    fruitless, before = 0, moved()
    while True:
        try:
            return step()
        except LostConnectionError as error:
            reason = str(error)
        fruitless = 0 if moved() > before else fruitless + 1
        before = moved()
        if fruitless > patience.retries:
            raise EdgebertError(
                f"{device}: lost the connection for good ({reason}); nothing is kept of this "
                "run; run again"
            )
        time.sleep(patience.pause * 2 ** max(fruitless - 1, 0))
