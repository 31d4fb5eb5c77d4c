"""From a normalised word to word pieces: greedy, the longest piece first."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import TypeAlias

from edgebert.errors import EdgebertError

LONGEST_WORD = 100
"""Longer words become [UNK]. As in Hugging Face's and TensorFlow Text's BERT; Google's script
says 200."""

CONTINUES = "##"


Piece: TypeAlias = tuple[int, int]
"""A word piece: its id, and where it ends in the word (it starts where the last one ended)."""


class WordPieces:
    """A vocabulary of word pieces; the index is the id.

    Args:
        vocabulary: all of them.
        hidden: those that no word is cut into.

    Attributes:
        whole: gives the id of a word that is one piece, and None for any other.

    Raises:
        EdgebertError: a piece is no text or is there twice, or [UNK] is missing.
    """

    def __init__(self, vocabulary: Sequence[str], hidden: AbstractSet[str] = frozenset()) -> None:
        if not set(map(type, vocabulary)) <= {str}:
            raise EdgebertError("vocabulary: every word piece must be a string")
        self._ids = dict(zip(vocabulary, range(len(vocabulary)), strict=True))
        if len(self._ids) != len(vocabulary):
            raise EdgebertError(_name_duplicate(vocabulary))
        for piece in hidden:
            self._ids.pop(piece, None)
        self._unknown = self.id_of("[UNK]")
        self.whole = self._ids.get  # no function of ours around it: it is asked for every word

    def id_of(self, piece: str) -> int:
        """The id of one piece.

        Raises:
            EdgebertError: the vocabulary lacks it.
        """
        try:
            return self._ids[piece]
        except KeyError as error:
            raise EdgebertError(
                f"vocabulary: {piece} is not among the {len(self._ids)} word pieces"
            ) from error

    def split(self, word: str) -> list[Piece]:
        """The pieces of `word`, or [UNK] alone where they do not cover it."""
        if len(word) > LONGEST_WORD:
            return [(self._unknown, len(word))]
        if (whole := self.whole(word)) is not None:
            return [(whole, len(word))]
        pieces: list[Piece] = []
        done = 0
        while done < len(word):
            mark = CONTINUES if done else ""
            rest = mark + word[done:]
            for length in range(len(rest), len(mark), -1):
                found = self._ids.get(rest[:length])
                if found is not None:
                    break
            else:
                return [(self._unknown, len(word))]
            done += length - len(mark)
            pieces.append((found, done))
        return pieces


def _name_duplicate(vocabulary: Sequence[str]) -> str:
    seen: dict[str, int] = {}
    for index, piece in enumerate(vocabulary):
        first = seen.setdefault(piece, index)
        if first != index:
            return f"vocabulary: {piece!r} is there twice, as id {first} and as id {index}"
    raise AssertionError("no duplicate")
