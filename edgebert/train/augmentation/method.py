"""What every way to find other words has: candidates for each word of a text."""

from __future__ import annotations

import itertools
from bisect import bisect
from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Candidates(NamedTuple):
    """Words that may stand in a place, none or some.

    Attributes:
        words: the likeliest first.
        steps: their probabilities, added up.
    """

    words: tuple[str, ...] = ()
    steps: tuple[float, ...] = ()

    @classmethod
    def of(cls, weights: Sequence[tuple[str, float]]) -> Candidates:
        """Words with weights above 0, which need not add up to 1."""
        total = sum(weight for _, weight in weights)
        steps = itertools.accumulate(weight / total for _, weight in weights)
        return cls(tuple(word for word, _ in weights), tuple(steps))

    def draw(self, share: float) -> str:
        """The word at a share of the whole from 0 to 1, which is drawn evenly."""
        return self.words[min(bisect(self.steps, share), len(self.words) - 1)]


NO_CANDIDATES = Candidates()


class Method(Protocol):
    """A way to find other words."""

    @property
    def name(self) -> str:
        """As users write it."""

    @property
    def fingerprint(self) -> str:
        """By which it is known again, with all that its candidates follow from."""

    def candidates(self, texts: Sequence[str]) -> list[list[Candidates]]:
        """For each text, what may stand for each of its words (`words.spans`)."""
