"""Unicode 13 on every Python: characters that came later have no properties.

Pythons differ in their Unicode (3.10 has 13, of March 2020, as old as the 24 BERTs; 3.13 has 15.1),
and so do Android's versions. With one Unicode for all, a file gives the same answers everywhere.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from itertools import groupby

# What came between Unicode 13 and 18 and is punctuation, a mark or a format there, or can have to
# do with case; and U+1734 and U+1171E, older ones that have ceased to be accents since
# (DerivedAge.txt and UnicodeData.txt of the Unicode Character Database).
_LATER_RANGES = (
    "558 58B-58C 5C8-5C9 61D 888 890-891 897-89F 8C9-8D2 B53-B54 C3C ECE 1715 1734 180F 1AC1-1AF0 "
    "1B4E-1B4F 1B7D-1B7F 1C89-1C8A 1DFA 208F 209D-209F 2C2F 2C5F 2E53-2E5D 2E60-2E63 A7C0-A7C1 "
    "A7CB-A7DD A7E2 A7F1-A7F4 AB6C-AB6D FBC2 10570-1057A 1057C-1058A 1058C-10592 10594-10595 "
    "10597-105A1 105A3-105B1 105B3-105B9 105BB-105BC 105C9 105E4 10780-10785 10787-107B0 "
    "107B2-107BF 10D4E 10D50-10D65 10D69-10D85 10EC5 10EC9-10ED0 10EF0-10EFF 10F82-10F89 11070 "
    "11073-11074 110C2 11241 11383 11385 1138E 11391 113BB-113C0 113C5 113C7-113C8 113CE-113D0 "
    "113D2 113D4-113D5 113D7-113D8 113E1-113E2 116B9 1171E 11B00-11B09 11B60 11B62-11B64 11B66 "
    "11BE1 11DD9 11DF0 11F00-11F01 11F36-11F3A 11F40-11F4F 11F5A 12FF1-12FF2 13439-13440 "
    "13447-13455 1611E-16129 1612D-1612F 16D40-16D42 16D68-16D6F 16EA0-16EB8 16EBB-16ED3 "
    "16FF2-16FF3 1AFF0-1AFF3 1AFF5-1AFFB 1AFFD-1AFFE 1CF00-1CF2D 1CF30-1CF46 1D127-1D128 "
    "1D250-1D252 1D25B-1D25C 1D25F 1D280-1D281 1D6A6 1DF00-1DF09 1DF0B-1DF7F 1DF90-1DF96 "
    "1DFCD-1DFFF 1E030-1E06D 1E08F 1E2AE 1E4EB-1E4EF 1E5EE-1E5EF 1E5FF 1E6E3 1E6E6 1E6EE-1E6EF "
    "1E6F5 1E6FF "
)


def category(char: str) -> str:
    """The general category, "Cn" for what came later."""
    return "Cn" if char in _LATER else unicodedata.category(char)


def combining(char: str) -> int:
    """The canonical combining class."""
    return 0 if char in _LATER else unicodedata.combining(char)


def lower(text: str) -> str:
    """Lower case; a final sigma depends on its neighbours."""
    return _between_later(str.lower, text)


def decompose(text: str) -> str:
    """The canonical decomposition (NFD)."""
    return _between_later(_nfd, text)


def _nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def _between_later(change: Callable[[str], str], text: str) -> str:
    """Changes the stretches of a text between later characters."""
    if _LATER.isdisjoint(text):
        return change(text)
    parts = ((is_later, "".join(part)) for is_later, part in groupby(text, _LATER.__contains__))
    return "".join(part if is_later else change(part) for is_later, part in parts)


def _characters(ranges: str) -> Iterator[str]:
    for each in ranges.split():
        first, _, last = each.partition("-")
        yield from map(chr, range(int(first, 16), int(last or first, 16) + 1))


_LATER = frozenset(_characters(_LATER_RANGES))
