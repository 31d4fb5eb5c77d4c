"""What a reader takes for one character: a letter and the marks on it.

Unicode's extended grapheme clusters (UAX #29), as far as they are at most five bytes of UTF-8: the
only ones that a SentencePiece character map is asked for whole. Longer ones (hangul, emoji, flags)
may come in pieces.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgebert.tokenizer.unicode13 import category

_JOINERS = frozenset("\u200c\u200d\uff9e\uff9f")
_PREPENDED = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e")
_SPACED_ALONE = frozenset("\u102b\u102c\u1038\u1062\u1063\u1064\u1067\u1068\u1069\u106a\u106b")
_CHANGED = frozenset("\u1734\U0001171e")  # marks that `unicode13` leaves out for WordPiece's sake
_MODIFIERS = ((0x1F3FB, 0x1F3FF), (0xE0020, 0xE007F))


def clusters(text: str) -> Iterator[tuple[int, int]]:
    """Where each cluster begins and ends."""
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or not _joined(text[at - 1], text[at]):
            yield start, at
            start = at


def is_mark(char: str) -> bool:
    """A combining mark, spaced or not."""
    return category(char)[0] == "M" or char in _CHANGED


def _joined(before: str, char: str) -> bool:
    """Whether a character continues the cluster of the one before it."""
    if _controls(before) or _controls(char):
        return before == "\r" and char == "\n"
    return _extends(char) or before in _PREPENDED


def _controls(char: str) -> bool:
    if char in _JOINERS or char in _PREPENDED or _is_modifier(char):
        return False
    return category(char) in ("Cc", "Cf", "Zl", "Zp")


def _extends(char: str) -> bool:
    if char.isascii():
        return False
    joins = is_mark(char) and char not in _SPACED_ALONE
    return joins or char in _JOINERS or _is_modifier(char)


def _is_modifier(char: str) -> bool:
    return any(first <= ord(char) <= last for first, last in _MODIFIERS)
