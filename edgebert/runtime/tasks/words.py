"""Which tokens make up a word, by the marks of their word pieces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgebert.tokenizer.wordpiece import Offsets


class Words:
    """Finds words among token ids.

    A word is what BERT's basic tokenizer makes: letters and digits in a row, one punctuation
    mark, one Chinese character.

    Args:
        vocabulary: word pieces; those that continue a word begin with ##.
    """

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._continues = np.array([piece.startswith("##") for piece in vocabulary], np.bool_)

    def starts(self, ids: Sequence[int]) -> npt.NDArray[np.intp]:
        """The tokens that begin a word."""
        return np.flatnonzero(~self._continues[np.asarray(ids, np.intp)])


def extent(offsets: Sequence[Offsets]) -> Offsets:
    """From where the first of some tokens begins to where the last of them ends."""
    return min(start for start, _ in offsets), max(end for _, end in offsets)
