"""What a model says of each word of a text: what a smaller one can learn from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from edgebert.arrays import Array
from edgebert.tokenizer.tokenizer import Offsets


class WordScores(NamedTuple):
    """A word `[start, end)`, in characters, with a probability by name."""

    start: int
    end: int
    scores: dict[str, float]


class ScoredWords(NamedTuple):
    """The words of a text, or of a context."""

    words: list[WordScores]


def scored_words(
    extents: Sequence[Offsets], names: Sequence[str], probabilities: Array
) -> ScoredWords:
    """Words with their probabilities [words, names]; one without characters is left out."""
    rows = zip(extents, probabilities.tolist(), strict=True)
    return ScoredWords(
        [
            WordScores(start, end, dict(zip(names, row, strict=True)))
            for (start, end), row in rows
            if end > start
        ]
    )
