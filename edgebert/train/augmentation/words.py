"""Where the words of a text stand: what may be replaced by another word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]
"""`[start, end)` in characters of the text."""

_LETTERS = "(?:[^\\W\\d_][\u0300-\u036f]*)+"  # each with its accents, however they are written
_WORD = re.compile(f"{_LETTERS}(?:['’]{_LETTERS})*")


def spans(text: str) -> list[Span]:
    """The words, in order: runs of letters, with apostrophes inside (don't is one word)."""
    return [match.span() for match in _WORD.finditer(text)]


def replaced(text: str, changes: Sequence[tuple[Span, str]]) -> str:
    """The text with other words at some spans, which are given in order.

    A word that began with a capital gives its capital to the new one.
    """
    parts, at = [], 0
    for (start, end), word in changes:
        capital = text[start].isupper()
        parts += [text[at:start], word[:1].upper() + word[1:] if capital else word]
        at = end
    return "".join([*parts, text[at:]])
