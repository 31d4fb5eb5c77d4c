"""WordPiece: from a text to the longest pieces, word by word, exact to the original BERT."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from edgebert.tokenizer.characters import SEPARATORS
from edgebert.tokenizer.memo import Memo
from edgebert.tokenizer.options import TokenizerOptions, hidden_pieces
from edgebert.tokenizer.pieces import CONTINUES, LONGEST_WORD, WordPieces
from edgebert.tokenizer.special import SPECIAL_TOKENS
from edgebert.tokenizer.words import Traced, WordSplitter

_TOKEN = re.compile(f"[^{SEPARATORS}]+")
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+|[^A-Za-z0-9 ]")  # of printable text
_TOKENS_KEPT = 16_384  # about 4 MB of English; the 67,000 sentences of SST-2 have 14,800 tokens


class WordPiece:
    """Cuts texts into word pieces. Tokens met before are looked up, not computed.

    Args:
        vocabulary: word pieces; the index is the id.
        options: lower-casing and the like.

    Raises:
        EdgebertError: a piece is there twice, or [UNK] is missing.
    """

    special = SPECIAL_TOKENS["wordpiece"]
    mask_takes_space = False  # spaces mean nothing to WordPiece

    def __init__(self, vocabulary: Sequence[str], options: TokenizerOptions) -> None:
        self._pieces = WordPieces(vocabulary, hidden_pieces(vocabulary, options.added_tokens))
        self._words = WordSplitter(options)
        self._lower_case = options.lower_case
        self.id_of = self._pieces.id_of
        self._token_ids = Memo(self._compute_ids, limit=_TOKENS_KEPT)
        self._token_spans = Memo(self._compute_spans, limit=_TOKENS_KEPT)

    def ids(self, text: str) -> list[int]:
        """The word pieces of a text."""
        ids: list[int] = []
        if not (text.isascii() and text.isprintable()):
            for token in _TOKEN.findall(text):
                ids += self._token_ids[token]
            return ids
        whole = self._pieces.whole
        for word in _ASCII_WORD.findall(text.lower() if self._lower_case else text):
            piece = whole(word)
            if piece is None or len(word) > LONGEST_WORD:
                ids += self._token_ids[word]
            else:
                ids.append(piece)
        return ids

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """Where each of `ids` stands in the text."""
        found: list[tuple[int, int]] = []
        for token in _TOKEN.finditer(text):
            base = token.start()
            found += [(base + start, base + end) for start, end in self._token_spans[token[0]]]
        return found

    def normalize(self, text: str) -> str:
        """A text as pieces are looked for in it, with spaces for all separators."""
        return self._words.normalize(text)

    def trace(self, text: str) -> list[Traced]:
        """The characters of `normalize`, each with the stretch of the text it came from."""
        return self._words.trace_normal(text)

    def ids_of_normal(self, normal: str) -> list[int]:
        """The pieces of a part of a normalised text: nothing changes it any more."""
        return self.ids(normal)

    def offsets_of_normal(self, normal: Sequence[Traced]) -> list[tuple[int, int]]:
        """Where each of `ids_of_normal` came from."""
        return self._spans(self._words.gather(normal))

    def spelling(self, piece: str) -> tuple[str, bool]:
        """A piece as it is written, and whether it continues the word before it."""
        return piece.removeprefix(CONTINUES), piece.startswith(CONTINUES)

    def _compute_ids(self, token: str) -> tuple[int, ...]:
        words = self._words.split(token)
        return tuple([piece for word in words for piece, _ in self._pieces.split(word)])

    def _compute_spans(self, token: str) -> tuple[tuple[int, int], ...]:
        return tuple(self._spans(self._words.trace(token)))

    def _spans(self, words: Iterable[Sequence[Traced]]) -> list[tuple[int, int]]:
        spans = []
        for word in words:
            start = 0
            for _, end in self._pieces.split("".join(traced.char for traced in word)):
                covered = word[start:end]
                spans.append((min(c.start for c in covered), max(c.end for c in covered)))
                start = end
        return spans
