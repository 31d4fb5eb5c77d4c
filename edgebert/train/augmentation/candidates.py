"""Words of a text, and candidates that may replace them."""

from __future__ import annotations

import itertools
import re
from bisect import bisect
from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeAlias


class Candidates(NamedTuple):
    """Words that may stand in a place, none or some.

    Attributes:
        words: the likeliest first.
        cumulative: their probabilities, added up.
    """

    words: tuple[str, ...] = ()
    cumulative: tuple[float, ...] = ()

    @classmethod
    def of(cls, weights: Sequence[tuple[str, float]]) -> Candidates:
        """Words with weights above 0, which need not add up to 1."""
        total = sum(weight for _, weight in weights)
        cumulative = itertools.accumulate(weight / total for _, weight in weights)
        return cls(tuple(word for word, _ in weights), tuple(cumulative))

    def draw(self, share: float) -> str:
        """The word at a share of the whole from 0 to 1, which is drawn evenly."""
        return self.words[min(bisect(self.cumulative, share), len(self.words) - 1)]


NO_CANDIDATES = Candidates()


class AugmentationMethod(Protocol):
    """A method of augmentation: it finds words that may replace others."""

    @property
    def name(self) -> str:
        """As users write it."""

    @property
    def fingerprint(self) -> str:
        """By which it is known again, with all that its candidates follow from."""

    def candidates(self, texts: Sequence[str]) -> list[list[Candidates]]:
        """For each text, what may stand for each of its words (`spans`)."""


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
