"""The tokenizer against the plain oracle: every Unicode character, and random texts."""

import sys
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgebert.tokenizer import Tokenizer, TokenizerOptions
from edgebert.tokenizer.unicode13 import category
from tests.tokenizer.bert_oracle import CHINESE_BLOCKS, Oracle

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LONG = 1_000_000

OPTIONS = [
    TokenizerOptions(max_length=LONG),
    TokenizerOptions(lower_case=False, max_length=LONG),
    TokenizerOptions(lower_case=False, strip_accents=True, max_length=LONG),
    TokenizerOptions(strip_accents=False, chinese_chars=False, max_length=LONG),
]


def spelling_vocabulary(text):
    """Spells every word of `text` letter by letter, so that ids and offsets show the words."""
    letters = set(text) | set(text.lower()) | {"σ", "ς"}
    letters |= set(unicodedata.normalize("NFD", "".join(letters)))
    return SPECIAL + [mark + letter for letter in sorted(letters) for mark in ("", "##")]


def has_known_category(char):
    """Not of those that came after Unicode 13 or changed since: see test_unicode13."""
    return category(char) == unicodedata.category(char)


def assert_same(tokenizer, oracle, text, pair=None, **arguments):
    ids, segments, spans, truncated = oracle.encode(text, pair, **arguments)
    for _ in range(2):  # the second time everything comes from the memo
        encoding, offsets = tokenizer.encode_with_offsets(text, pair, **arguments)
        assert encoding == (ids, segments, truncated)
        assert offsets == spans


def assert_same_letters(text, options=OPTIONS[0]):
    vocabulary = spelling_vocabulary(text)
    oracle = Oracle(vocabulary, options.lower_case, options.strip_accents, options.chinese_chars)
    assert_same(Tokenizer(vocabulary, options), oracle, text, max_length=LONG)


def characters():
    """All characters with case, marks, controls, punctuation or compatibility forms.

    Of plain letters, unassigned and private codes every 16th and the edges of the Chinese blocks;
    of the planes without characters, a few.
    """
    edges = {
        edge + off
        for block in CHINESE_BLOCKS
        for edge in (block[0], block[-1])
        for off in (-1, 0, 1)
    }
    for code in range(sys.maxunicode + 1):
        plain = unicodedata.category(chr(code)) in ("Lo", "Cn", "Co")
        step = 1 if not plain else 16 if code >> 16 in (0, 1, 2, 14) else 1021
        if 0xD800 <= code <= 0xDFFF or not has_known_category(chr(code)):
            continue
        if code % step == 0 or code in edges or unicodedata.decomposition(chr(code)):
            yield chr(code)


def test_every_character_alone_and_between_letters():
    chars = list(characters())
    assert len(chars) > 30_000
    for start in range(0, len(chars), 4096):
        assert_same_letters(" ".join(f"{char} A{char}b" for char in chars[start : start + 4096]))


@pytest.mark.parametrize("options", OPTIONS[1:], ids=str)
def test_every_character_of_the_scripts_with_case_or_marks_under_other_options(options):
    chars = [
        char
        for char in characters()
        if unicodedata.category(char)[0] in "MPZC" or char != char.lower()
        if unicodedata.category(char) not in ("Cn", "Co")
    ]
    text = " ".join(f"{char} A{char}b" for char in chars)
    assert_same_letters(text, options)


INTERESTING = st.sampled_from(
    "aAzZ09 .,[]#'-\t\n\r\0\x0b\x0c\x1c\x7f\x85\xa0\xad ﬁßẞİıſKÅΣσςΑΟ"
    "éÉñ\u0301\u0308\u0323\u0344\u0345\u1abf\u200b\u200c\u200d\u2028\u2029\u202e\u3000\ufe0f\ufeff\ufffd"
    "東京龍豈一カガハ゛한글กำนัहिंदीעִبَي〮〯𝅘𝅥𝅮\U0001d165\U0001d16d\U00016ff0"
    "😀👩🏽‍🚀🇳🇱€£“”—…§¶·;\U00020000\U0002b820\U0002b91f\U0002b920\ue000\U000e0001\U000e0100\U0010ffff\u0378"
)
ANYTHING = st.characters(exclude_categories=["Cs"]).filter(has_known_category)
TEXTS = st.text(st.one_of(INTERESTING, INTERESTING, ANYTHING), max_size=40)


@settings(max_examples=400, deadline=None)
@given(text=TEXTS, options=st.sampled_from(OPTIONS))
@example("ΟΔΟΣ ΟΔΟΣ. Σ ΑΣ\u0301Α ΑΣ\u00adΑ", OPTIONS[0])
@example("a\u302e\u0301\U00016ff0b \U0001d16d\U0001d165", OPTIONS[0])
@example("\u0301a \u0301 .\u0301. 東\u0301 東\ufe0e", OPTIONS[0])
def test_random_texts_letter_by_letter(text, options):
    assert_same_letters(text, options)


@pytest.fixture(scope="module")
def both(vocabulary):
    return Tokenizer(vocabulary), Oracle(vocabulary)


@settings(max_examples=300, deadline=None)
@given(
    text=TEXTS,
    pair=st.none() | TEXTS,
    max_length=st.integers(5, 20),
    mask_tokens=st.booleans(),
    truncate=st.sampled_from(["longest", "first", "second"]),
)
@example("a [MASK] b[MASK]", "[MASK][MASK]", 20, True, "longest")
@example("a [MASK] b [SEP] [mask]", None, 20, False, "longest")
def test_random_texts_with_the_real_vocabulary(both, text, pair, max_length, mask_tokens, truncate):
    assert_same(
        *both, text, pair, max_length=max_length, mask_tokens=mask_tokens, truncate=truncate
    )
