"""From a token (a stretch of text without separators), or a whole text, to normalised words.

The steps are those of BERT's basic tokenizer, in its order: drop controls, set Chinese characters
apart, lower-case the whole token (a final sigma depends on its neighbours), decompose (NFD), strip
accents, set punctuation apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from edgebert.tokenizer.characters import (
    is_accent,
    is_chinese,
    is_dropped,
    is_punctuation,
    is_separator,
)
from edgebert.tokenizer.memo import Memo
from edgebert.tokenizer.options import TokenizerOptions
from edgebert.tokenizer.unicode13 import combining, decompose, lower

_CHARACTERS_KEPT = 4096


class Traced(NamedTuple):
    """A normalised character, and the stretch `[start, end)` of the token it came from."""

    char: str
    start: int
    end: int


class WordSplitter:
    """Splits tokens into words, with or without tracing each character to where it came from."""

    def __init__(self, options: TokenizerOptions) -> None:
        self._lower_case = options.lower_case
        self._strip_accents = (
            options.lower_case if options.strip_accents is None else options.strip_accents
        )
        self._chinese_chars = options.chinese_chars
        self._cleaned = Memo(self._clean, limit=_CHARACTERS_KEPT)
        self._finished = Memo(self._finish, limit=_CHARACTERS_KEPT)

    def split(self, token: str) -> list[str]:
        """The words of `token`; none if BERT drops all of it."""
        if token.isascii() and token.isalnum():  # most tokens: only case can change
            return [token.lower() if self._lower_case else token]
        text = self._change(token)
        return "".join(map(self._finished.__getitem__, text)).split()

    def normalize(self, text: str) -> str:
        """A text without its accents and the like; punctuation stays where it is."""
        changed = self._change(text)
        if not self._strip_accents:
            return changed
        return "".join([char for char in changed if not is_accent(char)])

    def trace(self, token: str) -> list[list[Traced]]:
        """The words of `token`, each a list of traced characters.

        An accent that is stripped belongs to the character before it: the "e" of "e" + U+0301
        comes from both.
        """
        return self.gather(self._trace(token))

    def trace_normal(self, text: str) -> list[Traced]:
        """The characters of `normalize`."""
        traced = self._trace(text)
        return [c for c in traced if not (self._strip_accents and is_accent(c.char))]

    def gather(self, chars: Iterable[Traced]) -> list[list[Traced]]:
        """The words that changed characters make up."""
        words: list[list[Traced]] = [[]]
        for char, start, end in chars:
            for part in self._finished[char]:
                if part == " ":
                    words.append([])
                else:
                    words[-1].append(Traced(part, start, end))
        return [word for word in words if word]

    def _change(self, text: str) -> str:
        """A text with its accents and punctuation still in place."""
        text = "".join(map(self._cleaned.__getitem__, text))
        if self._lower_case:
            text = lower(text)
        return decompose(text) if self._strip_accents else text

    def _trace(self, text: str) -> list[Traced]:
        """The characters of `_change`."""
        ends = _ends(text) if self._strip_accents else range(1, len(text) + 1)
        chars = [
            Traced(char, start, end)
            for start, (original, end) in enumerate(zip(text, ends, strict=True))
            for char in self._cleaned[original]
        ]
        if self._lower_case:
            chars = _lower(chars)
        return _decompose(chars) if self._strip_accents else chars

    def _clean(self, char: str) -> str:
        if is_dropped(char):
            return ""
        if is_separator(char):
            return " "
        return f" {char} " if self._chinese_chars and is_chinese(char) else char

    def _finish(self, char: str) -> str:
        if self._strip_accents and is_accent(char):
            return ""
        return f" {char} " if is_punctuation(char) else char


def _ends(token: str) -> list[int]:
    """Where each character ends, with the accents right behind it."""
    ends = list(range(1, len(token) + 1))
    for at in range(len(token) - 2, -1, -1):
        if is_accent(token[at + 1]):
            ends[at] = ends[at + 1]
    return ends


def _lower(chars: list[Traced]) -> list[Traced]:
    lowered = iter(lower("".join(char for char, _, _ in chars)))
    # A neighbour changes which character comes out (sigma), never how many.
    return [Traced(next(lowered), start, end) for char, start, end in chars for _ in lower(char)]


def _decompose(chars: list[Traced]) -> list[Traced]:
    """NFD: decomposes each character, then orders the marks behind each base by class."""
    decomposed = [
        Traced(part, start, end) for char, start, end in chars for part in decompose(char)
    ]
    base = 0
    order = []
    for char, _, _ in decomposed:
        mark_class = combining(char)
        base += mark_class == 0
        order.append((base, mark_class))
    return [decomposed[at] for at in sorted(range(len(order)), key=order.__getitem__)]
