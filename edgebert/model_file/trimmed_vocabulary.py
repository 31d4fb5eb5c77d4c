"""What the record says of a vocabulary of which not all word pieces were kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrimmedVocabulary:
    """Which word pieces of a checkpoint were kept, and what that does to texts.

    Attributes:
        source_pieces: that the checkpoint has.
        pieces: that were kept.
        always_kept: of these, special and added tokens, and the characters of the scripts met.
        chosen_from: name of the file of texts that chose.
        texts: how many it has.
        measured_on: texts that did not choose.
        measured_texts: how many.
        untouched_texts: share of them that is cut into pieces as before.
        untouched_words: likewise of their words.
    """

    source_pieces: int
    pieces: int
    always_kept: int
    chosen_from: str
    texts: int
    measured_on: str
    measured_texts: int
    untouched_texts: float | None
    untouched_words: float | None
