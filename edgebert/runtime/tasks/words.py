"""Which tokens make up a word, by the marks of their pieces."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from edgebert.tokenizer.characters import is_punctuation
from edgebert.tokenizer.options import TokenizerOptions
from edgebert.tokenizer.pieces import CONTINUES
from edgebert.tokenizer.special import SPACE, Kind
from edgebert.tokenizer.tokenizer import Offsets

_BEGINS: Mapping[Kind, Callable[[str], bool]] = MappingProxyType(
    {
        "wordpiece": lambda piece: not piece.startswith(CONTINUES),
        "unigram": lambda piece: piece.startswith(SPACE) or is_punctuation(piece[0]),
    }
)
"""Whether a piece begins a word, wherever it stands."""

_ENDS: Mapping[Kind, Callable[[str], bool]] = MappingProxyType(
    {"wordpiece": lambda piece: False, "unigram": lambda piece: is_punctuation(piece[-1])}
)
"""Whether the piece after it begins a word, whatever that piece says."""


_WORDPIECE = TokenizerOptions()


class Words:
    """Finds words among token ids.

    A word is what BERT's basic tokenizer makes: letters and digits in a row, one punctuation
    mark, one Chinese character. (Chinese characters are words of their own to WordPiece alone.)

    Args:
        vocabulary: pieces by id.
        options: of the tokenizer; each added token is a word of its own.
    """

    def __init__(self, vocabulary: Sequence[str], options: TokenizerOptions = _WORDPIECE) -> None:
        begins, ends = _BEGINS[options.kind], _ENDS[options.kind]
        self._begins = np.array([begins(piece) for piece in vocabulary], np.bool_)
        self._ends = np.array([ends(piece) for piece in vocabulary], np.bool_)
        added = [token.id for token in options.added_tokens]
        self._begins[added] = self._ends[added] = True

    def starts(self, ids: Sequence[int]) -> npt.NDArray[np.intp]:
        """The tokens that begin a word."""
        tokens = np.asarray(ids, np.intp)
        begins = self._begins[tokens]
        begins[1:] |= self._ends[tokens[:-1]]
        return np.flatnonzero(begins)


def extent(offsets: Sequence[Offsets]) -> Offsets:
    """From where the first of some tokens begins to where the last of them ends."""
    return min(start for start, _ in offsets), max(end for _, end in offsets)
