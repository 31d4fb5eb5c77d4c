"""Unicode 13 on every Python: characters that came later have no properties.

Pythons differ in their Unicode (3.10 has 13, of March 2020, as old as the 24 BERTs; 3.13 has 15.1),
and so do Android's versions. With one Unicode for all, a file gives the same answers everywhere.
"""

from __future__ import annotations

import functools
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

# Further letters, digits and marks of Unicode 14 to 17: that they are words is all that matters.
_LATER_WORDS = (
    "870-887 889-88F 8B5 8C8 C5C-C5D CDC-CDD CF3 170D 171F 1B4C 9FFD-9FFF 105C0-105C8 "
    "105CA-105E3 105E5-105F3 10940-10959 10D40-10D4D 10D4F 10EC2-10EC4 10EC6-10EC7 10F70-10F81 "
    "11071-11072 11075 1123F-11240 11380-11382 11384 11386-11389 1138B 11390 11392-113B5 "
    "113B7-113BA 113C2 113C9-113CA 113CC-113CD 113D1 113D3 116D0-116E3 11740-11746 11AB0-11ABF "
    "11B61 11B65 11B67 11BC0-11BE0 11BF0-11BF9 11DB0-11DD8 11DDA-11DDB 11DE0-11DE9 11F02-11F10 "
    "11F12-11F35 11F3E-11F3F 11F50-11F59 12F90-12FF0 1342F 13441-13446 13460-143FA 16100-1611D "
    "1612A-1612C 16130-16139 16A70-16ABE 16AC0-16AC9 16D43-16D67 16D70-16D79 16FF4-16FF6 "
    "187F8-187FF 18CFF 18D09-18D1E 18D80-18DF2 1B11F-1B122 1B132 1B155 1CCF0-1CCF9 1DF0A "
    "1E290-1E2AD 1E4D0-1E4EA 1E4F0-1E4F9 1E5D0-1E5ED 1E5F0-1E5FA 1E6C0-1E6DE 1E6E0-1E6E2 "
    "1E6E4-1E6E5 1E6E7-1E6ED 1E6F0-1E6F4 1E6FE 1E7E0-1E7E6 1E7E8-1E7EB 1E7ED-1E7EE 1E7F0-1E7FE "
    "2A6DE-2A6DF 2B735-2B73F 2CEA2-2CEAD 2EBF0-2EE5D 31350-33479 "
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


def is_later_word(char: str) -> bool:
    """Whether it is a letter, a digit or a mark that Unicode 13 does not know."""
    code = ord(char)
    later = _later_words()
    return code >= later[0].start and any(code in each for each in later)


@functools.cache
def _later_words() -> tuple[range, ...]:
    return tuple(_ranges(_LATER_WORDS))


def _ranges(ranges: str) -> Iterator[range]:
    for each in ranges.split():
        first, _, last = each.partition("-")
        yield range(int(first, 16), int(last or first, 16) + 1)


def _characters(ranges: str) -> Iterator[str]:
    for each in _ranges(ranges):
        yield from map(chr, each)


_LATER = frozenset(_characters(_LATER_RANGES))
