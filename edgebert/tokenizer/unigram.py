"""Unigram pieces: of all ways to cut a word, the one whose pieces are likeliest together.

Kudo 2018 (arXiv 1804.10959), exact to the `Unigram` of Hugging Face's `tokenizers`, which serves
ALBERT. A word begins with the mark ▁ that stands for the space before it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from edgebert.errors import EdgebertError
from edgebert.tokenizer.added_token import AddedToken
from edgebert.tokenizer.characters import WHITE_SPACE
from edgebert.tokenizer.memo import Memo
from edgebert.tokenizer.normalizer import Normalizer, Step
from edgebert.tokenizer.options import hidden_pieces
from edgebert.tokenizer.pieces import Piece
from edgebert.tokenizer.special import SPACE, SPECIAL_TOKENS
from edgebert.tokenizer.words import Traced

_UNKNOWN_PENALTY = 10.0
_WORDS_KEPT = 16_384
_WORD = re.compile(f"{SPACE}[^{SPACE}]*")
_BETWEEN = re.compile(f"[^{WHITE_SPACE}]+")


@dataclass(frozen=True)
class UnigramModel:
    """All of a unigram tokenizer but its pieces.

    Attributes:
        scores: logarithm of the probability of each piece, by id.
        normalizer: what is done to a text first.
        whitespace_splits: any white space separates words; else only spaces do, and each of
            several makes a word of its own.
        mask_takes_space: spaces before [MASK] belong to it.
    """

    scores: tuple[float, ...]
    normalizer: tuple[Step, ...] = ()
    whitespace_splits: bool = False
    mask_takes_space: bool = False


class Unigram:
    """Cuts texts into pieces.

    Special tokens are never found in a text.

    Args:
        vocabulary: pieces; the index is the id.
        model: the rest.
        added_tokens: no word is cut into those of them that are no pieces of the model.

    Attributes:
        mask_takes_space: spaces before [MASK] belong to it.

    Raises:
        EdgebertError: a piece is there twice, one has no score, or a special token is missing.
    """

    special = SPECIAL_TOKENS["unigram"]

    def __init__(
        self,
        vocabulary: Sequence[str],
        model: UnigramModel,
        added_tokens: Sequence[AddedToken] = (),
    ) -> None:
        self._all = {piece: number for number, piece in enumerate(vocabulary)}
        if not len(self._all) == len(vocabulary) == len(model.scores):
            raise EdgebertError(
                f"vocabulary: {len(self._all)} different pieces among {len(vocabulary)}, with "
                f"{len(model.scores)} scores; as many are needed"
            )
        hidden = {*self.special, *hidden_pieces(vocabulary, added_tokens)}
        self._ids = {piece: self._all[piece] for piece in self._all.keys() - hidden}
        self._unknown = self.id_of(self.special.unknown)
        self._scores = model.scores
        self._unknown_score = min(model.scores) - _UNKNOWN_PENALTY
        self._longest = max(map(len, self._ids), default=1)
        self._normalizer = Normalizer(model.normalizer)
        self._whitespace_splits = model.whitespace_splits
        self.mask_takes_space = model.mask_takes_space
        self._known = Memo(self._word_ids, limit=_WORDS_KEPT)

    def id_of(self, piece: str) -> int:
        """The id of one piece.

        Raises:
            EdgebertError: the vocabulary lacks it.
        """
        if piece not in self._all:
            raise EdgebertError(f"vocabulary: {piece} is not among the {len(self._all)} pieces")
        return self._all[piece]

    def ids(self, text: str) -> list[int]:
        """The pieces of a text."""
        return self.ids_of_normal(self._normalizer.apply(text))

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """Where each of `ids` stands in the text; the space before a word does not count."""
        return self.offsets_of_normal(self._normalizer.trace(text))

    def normalize(self, text: str) -> str:
        """A text as pieces are looked for in it, before words are marked."""
        return self._normalizer.apply(text)

    def trace(self, text: str) -> list[Traced]:
        """The characters of `normalize`, each with the stretch of the text it came from."""
        return self._normalizer.trace(text)

    def ids_of_normal(self, normal: str) -> list[int]:
        """The pieces of a part of a normalised text."""
        words = _WORD.findall(self._marked(normal))
        return [number for word in words for number in self._known[word]]

    def offsets_of_normal(self, normal: Sequence[Traced]) -> list[tuple[int, int]]:
        """Where each of `ids_of_normal` came from."""
        spans: list[tuple[int, int]] = []
        for word in self._gather(normal):
            start = 0
            for _, end in self._split("".join(char for char, _, _ in word)):
                # A mark alone stands nowhere: between what is before it and behind it.
                covered = [c for c in word[start:end] if c.char != SPACE] or word[start:end]
                spans.append((covered[0].start, max(c.end for c in covered)))
                start = end
        return spans

    def _gather(self, normal: Sequence[Traced]) -> list[list[Traced]]:
        """The words of a text with their marks, each character with where it came from."""
        words: list[list[Traced]] = []
        inside = False
        for char, start, end in normal:
            between = self._whitespace_splits and not _BETWEEN.fullmatch(char)
            if between:
                inside = False
                continue
            marks = char in (" ", SPACE)
            if marks or not inside:
                at = end if marks else start
                words.append([Traced(SPACE, at, at)])
            if not marks:
                word = words[-1]
                if start < word[-1].start:  # an accent on the space, which came out of both
                    word[-1] = Traced(SPACE, start, start)
                word.append(Traced(char, start, end))
            inside = True
        return words

    def spelling(self, piece: str) -> tuple[str, bool]:
        """A piece as it is written, and whether it continues the word before it."""
        return piece.removeprefix(SPACE), not piece.startswith(SPACE)

    def _marked(self, normal: str) -> str:
        """A normalised text with a mark before each word, in place of the space."""
        parts = _BETWEEN.findall(normal) if self._whitespace_splits else [normal] if normal else []
        return "".join(_mark(part) for part in parts)

    def _word_ids(self, word: str) -> tuple[int, ...]:
        return tuple(piece for piece, _ in self._split(word))

    def _split(self, word: str) -> list[Piece]:
        """The likeliest pieces of a word; stretches that no piece covers are one unknown piece."""
        size = len(word)
        best = [0.0] * (size + 1)
        came: list[Piece | None] = [None] * (size + 1)  # with where the piece starts
        for start in range(size):
            covered = False
            for end in range(start + 1, min(start + self._longest, size) + 1):
                number = self._ids.get(word[start:end])
                if number is None:
                    continue
                covered = covered or end == start + 1
                score = best[start] + self._scores[number]
                if came[end] is None or score > best[end]:
                    best[end], came[end] = score, (number, start)
            score = best[start] + self._unknown_score
            if not covered and (came[start + 1] is None or score > best[start + 1]):
                best[start + 1], came[start + 1] = score, (self._unknown, start)
        return self._walk_back(came)

    def _walk_back(self, came: Sequence[Piece | None]) -> list[Piece]:
        pieces: list[Piece] = []
        end = len(came) - 1
        while end:
            number, start = cast("Piece", came[end])
            if not (pieces and pieces[-1][0] == number == self._unknown):
                pieces.append((number, end))
            end = start
        return pieces[::-1]


def _mark(part: str) -> str:
    marked = part.replace(" ", SPACE)
    return marked if marked.startswith(SPACE) else SPACE + marked
