"""Which tokens of a text a masked language model has to predict, and what replaces them.

As google-research/bert (create_pretraining_data.py): 15 % of the word pieces are chosen, 80 % of
these become [MASK], 10 % a random piece, 10 % stay. With whole words, all pieces of a word are
chosen together or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgebert.checkpoints.vocabulary import MASK_TOKEN, SPECIAL_TOKENS
from edgebert.errors import EdgebertError

Ids = npt.NDArray[np.int32]

_MASKED, _RANDOM = 0.8, 0.1  # of the chosen; the rest stay


class Masked(NamedTuple):
    """A text with some of its tokens hidden.

    Attributes:
        ids: int32 [n], what the model sees.
        positions: int32 [m], the tokens it has to predict, in rising order.
        labels: int32 [m], what stood there.
    """

    ids: Ids
    positions: Ids
    labels: Ids


@dataclass(frozen=True)
class Masking:
    """How tokens are chosen.

    Attributes:
        share: of the word pieces of a text, special tokens not counted.
        whole_words: choose words rather than pieces.
        most: pieces in one text.

    Raises:
        EdgebertError: a share that is none, or `most` below 1.
    """

    share: float = 0.15
    whole_words: bool = False
    most: int = 512

    def __post_init__(self) -> None:
        if not (0 < self.share < 1 and self.most >= 1):
            raise EdgebertError(
                f"masking: a share of {self.share:g}, at most {self.most}; between 0 and 1, and "
                "at least 1, are needed"
            )


class Masker:
    """Masks texts of one vocabulary.

    Args:
        vocabulary: word pieces; those that continue a word begin with ##.
        masking: how tokens are chosen.

    Raises:
        EdgebertError: the vocabulary has no [MASK], or nothing but special tokens.
    """

    def __init__(self, vocabulary: Sequence[str], masking: Masking) -> None:
        if MASK_TOKEN not in vocabulary:
            raise EdgebertError(f"the vocabulary has no {MASK_TOKEN}; masking needs it")
        special = {*SPECIAL_TOKENS, MASK_TOKEN}
        self._masking = masking
        self._mask_id = vocabulary.index(MASK_TOKEN)
        self._special = np.array([piece in special for piece in vocabulary])
        self._continues = np.array([piece.startswith("##") for piece in vocabulary])
        self._ordinary = np.flatnonzero(~self._special).astype(np.int32)
        if not len(self._ordinary):
            raise EdgebertError("the vocabulary has nothing but special tokens")

    def mask(self, ids: Sequence[int], random: np.random.Generator) -> Masked:
        """Masks one text with its special tokens; at least one piece where it has any.

        Of whole words at least one that has not more pieces than `Masking.most`.

        The same generator in the same state gives the same mask.
        """
        found = np.array(ids, np.int32)
        candidates = np.flatnonzero(~self._special[found])
        chosen = self._choose(found, candidates, random)
        labels = found[chosen]
        fate = random.random(len(chosen))
        replaced = np.where(fate < _MASKED, self._mask_id, labels)
        drawn = random.choice(self._ordinary, len(chosen))
        is_random = (fate >= _MASKED) & (fate < _MASKED + _RANDOM)
        found[chosen] = np.where(is_random, drawn, replaced)
        return Masked(found, chosen.astype(np.int32), labels)

    def _choose(
        self, ids: Ids, candidates: npt.NDArray[np.intp], random: np.random.Generator
    ) -> npt.NDArray[np.intp]:
        """Places of the chosen pieces, in rising order."""
        wanted = min(self._masking.most, max(1, round(self._masking.share * len(candidates))))
        if not self._masking.whole_words:
            return np.sort(random.permutation(candidates)[:wanted])
        words = self._words(ids, candidates)
        chosen: list[int] = []
        for number in random.permutation(len(words)):
            # A word that is too long for what is left gives way to shorter ones.
            remaining = wanted - len(chosen) if chosen else self._masking.most
            if len(words[number]) <= remaining:
                chosen += words[number].tolist()
        return np.sort(np.array(chosen, np.intp))

    def _words(self, ids: Ids, candidates: npt.NDArray[np.intp]) -> list[npt.NDArray[np.intp]]:
        """The places of each word's pieces."""
        if not len(candidates):
            return []
        begins = ~self._continues[ids[candidates]]
        begins |= np.diff(candidates, prepend=-2) != 1  # a special token stands between
        return np.split(candidates, np.flatnonzero(begins)[1:])
