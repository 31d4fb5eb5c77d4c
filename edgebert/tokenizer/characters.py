"""Which characters BERT drops, takes for a space, or sets apart as a word of their own.

Source: `tokenization.py` of google-research/bert.
"""

from __future__ import annotations

import re

from edgebert.tokenizer.unicode13 import category, is_later_word

SEPARATORS = " \t\n\r\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""What separates tokens, as the inside of a regular expression's `[...]`.

Tab, line feed, carriage return and category Zs, which BERT turns into spaces, and the line and
paragraph separators, which it leaves for `str.split`. The other characters `str.split` knows
(form feed, U+0085, ...) are controls to BERT: dropped, they join what they stood between.
"""

WHITE_SPACE = f"{SEPARATORS}\x0b\x0c\x85"
"""Unicode's White_Space, in the same form; Python's own `str.isspace` knows four more."""

_SEPARATOR = re.compile(f"[{SEPARATORS}]")
_CIRCLED_LETTERS = (
    (0x24B6, 0x24E9),
    (0x1F130, 0x1F149),
    (0x1F150, 0x1F169),
    (0x1F170, 0x1F189),
)
_CHINESE = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0x2F800, 0x2FA1F),
)
_ASCII_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


def is_separator(char: str) -> bool:
    """Whether it separates tokens."""
    return _SEPARATOR.match(char) is not None


def is_word(char: str) -> bool:
    """A letter, mark, digit or joiner: `Alphabetic` and the like of Unicode's UTS #18, annex C."""
    kind = category(char)
    if kind[0] in "LM" or kind in ("Nd", "Nl", "Pc") or char in "\u200c\u200d":
        return not is_later_word(char)
    return any(first <= ord(char) <= last for first, last in _CIRCLED_LETTERS)


def is_dropped(char: str) -> bool:
    """Controls and formats (U+00AD, U+200D, ...), U+0000 and the replacement character."""
    if char in "\t\n\r":
        return False
    return char == "\ufffd" or category(char) in ("Cc", "Cf")


def is_chinese(char: str) -> bool:
    """The CJK ideographs BERT knows; not kana, not hangul, not the extensions after E."""
    return any(first <= ord(char) <= last for first, last in _CHINESE)


def is_accent(char: str) -> bool:
    """A mark that takes no room of its own (category Mn)."""
    return category(char) == "Mn"


def is_punctuation(char: str) -> bool:
    """Any category P, and every ASCII character that is neither letter, digit nor space."""
    return char in _ASCII_PUNCTUATION or category(char).startswith("P")
