"""One Unicode on every Python, and in the table that the Kotlin tokenizer reads."""

import sys
import unicodedata

import pytest

from edgebert.tokenizer import Tokenizer
from edgebert.tokenizer.characters import is_word
from edgebert.tokenizer.unicode13 import category, combining, decompose, lower
from tools.fixtures.make_unicode_table import TABLE, lines

CHARS = [chr(code) for code in range(sys.maxunicode + 1)]
LATER = [char for char in CHARS if category(char) == "Cn" != unicodedata.category(char)]


def test_the_kotlin_table_is_what_this_python_makes():
    assert TABLE.read_text(encoding="ascii").splitlines() == list(lines())


def test_later_characters_are_letters_without_case_or_marks():
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    for char in LATER:
        tokenizer = Tokenizer([*special, f"a{char}\u0323\u0301b", f"a{char}b", char])
        assert tokenizer.ids(f"A{char}b") == [5]
        assert tokenizer.encode_with_offsets(f"A{char}b")[1][1] == (0, 3)


@pytest.mark.parametrize("char", ["\u0870", "\u0cf3", "\U000105c0", "\U00016ea0"])
def test_letters_of_unicode_14_to_17_are_no_words_whatever_python_says(char):
    assert not is_word(char)


@pytest.mark.parametrize("char", ["a", "é", "中", "٣", "_", "\u0301", "\u08b4"])
def test_those_of_unicode_13_are(char):
    assert is_word(char)


def test_a_text_is_changed_on_both_sides_of_a_later_character():
    assert lower("ÀΣ\U00010570ΟΔΟΣ") == "àς\U00010570οδος"
    assert decompose("é\u0898é") == "e\u0301\u0898e\u0301"
    assert combining("\u0898") == 0


@pytest.mark.skipif(sys.version_info[:2] != (3, 10), reason="Python 3.10 has Unicode 13")
def test_unicode_13_has_no_later_character():
    assert unicodedata.unidata_version == "13.0.0"
    assert {char for char in CHARS if category(char) != unicodedata.category(char)} == {
        "\u1734",
        "\U0001171e",
    }
