"""Other words by the word table of a checkpoint: those whose vectors point the same way.

Needs no head, so any checkpoint serves; knows nothing of the sentence, so what comes out is less
fluent than what a masked language model writes. Words of several pieces have no vector and stay.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgebert.arrays import Array
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.errors import EdgebertError
from edgebert.tokenizer.memo import Memo
from edgebert.train.augmentation.candidates import NO_CANDIDATES, Candidates, spans
from edgebert.train.fingerprint import fingerprint

_MOST = 15  # as TinyBERT
_TEMPERATURE = 0.2  # of the cosines: a near word is likelier, and a farther one not unheard of
_REMEMBERED = 50_000  # words


class Neighbours:
    """Nearest words by the cosine of their vectors, less the mean of all words.

    Args:
        checkpoint: of any family with WordPiece.

    Raises:
        EdgebertError: another tokenizer, or fewer than two words of letters in the vocabulary.
    """

    name = "neighbours"

    def __init__(self, checkpoint: Checkpoint) -> None:
        if checkpoint.unigram is not None:
            raise EdgebertError(
                f"{checkpoint.source}: has a unigram tokenizer; neighbours are for WordPiece"
            )
        self.fingerprint = f"{self.name} {fingerprint(checkpoint)}"
        self._tokenizer = checkpoint.make_tokenizer()
        # Letters alone are mostly what is left of words: the s of it's.
        self._ids = [
            at
            for at, piece in enumerate(checkpoint.vocabulary)
            if piece.isalpha() and len(piece) > 1
        ]
        if len(self._ids) < 2:
            raise EdgebertError(f"{checkpoint.source}: its vocabulary has no words to choose from")
        self._words = [checkpoint.vocabulary[at] for at in self._ids]
        self._rows = {at: row for row, at in enumerate(self._ids)}
        self._vectors = _unit_rows(checkpoint.weights["embeddings.word"][self._ids])
        self._near = Memo(self._find, limit=_REMEMBERED)

    def candidates(self, texts: Sequence[str]) -> list[list[Candidates]]:
        """For each text, the neighbours of each of its words."""
        return [[self._near[text[start:end]] for start, end in spans(text)] for text in texts]

    def _find(self, word: str) -> Candidates:
        ids = self._tokenizer.ids(word)
        row = self._rows.get(ids[0]) if len(ids) == 1 else None
        if row is None:
            return NO_CANDIDATES
        cosines = self._vectors @ self._vectors[row]
        best = np.argsort(-cosines, kind="stable")
        best = best[best != row][:_MOST]
        weights = np.exp(cosines[best] / _TEMPERATURE)
        return Candidates.of(
            [(self._words[at], weight) for at, weight in zip(best, weights.tolist(), strict=True)]
        )


def _unit_rows(table: Array) -> Array:
    """Rows of length 1 [V, H]. Without their mean, which all of a BERT's words share."""
    centred = table - table.mean(axis=0)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(centred / np.maximum(length, 1e-12), np.float32)
