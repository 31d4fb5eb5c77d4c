"""Texts longer than the model: cut into overlapping windows of tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from edgebert.errors import EdgebertError

if TYPE_CHECKING:
    import numpy.typing as npt


class Window(NamedTuple):
    """Tokens `[start, end)` of a text, special ones not counted."""

    start: int
    end: int


def windows(tokens: int, size: int, stride: int) -> list[Window]:
    """Covers a text with as few windows as need be, spread evenly.

    Every window is full (where the text is that long), so all of them count the same.

    Args:
        tokens: in the text.
        size: tokens in a window.
        stride: most tokens from the start of a window to the start of the next.

    Raises:
        EdgebertError: a stride below 1 or above `size`.
    """
    if type(stride) is not int or not 1 <= stride <= size:
        raise EdgebertError(
            f"stride is {stride!r}; a whole number from 1 to {size} is needed, the tokens of a "
            "text that fit in a window"
        )
    beyond = max(0, tokens - size)
    steps = -(-beyond // stride)
    starts = [beyond * step // steps for step in range(steps)] + [beyond]
    return [Window(start, min(start + size, tokens)) for start in starts]


def context(window: Window) -> npt.NDArray[np.int64]:
    """For each token of a window, how many tokens are on the side where there are fewer."""
    left = np.arange(window.end - window.start)
    return np.minimum(left, left[::-1])


def keep_most_context(
    values: npt.NDArray[Any],
    held: npt.NDArray[np.int64],
    window: Window,
    rows: npt.NDArray[Any],
    around: npt.NDArray[np.int64],
) -> None:
    """Takes over what a window says wherever it has more context than those before it.

    Args:
        values: of all tokens, [tokens, …].
        held: the context that each has; -1 where there is none yet.
        window: of the tokens.
        rows: what it says of them.
        around: the context that each has in it.
    """
    place = slice(*window)
    better = around > held[place]
    values[place][better] = rows[better]
    held[place][better] = around[better]
