"""The unigram tokenizer gives the ids that Hugging Face's `tokenizers` gives, for any text."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Reference
from tokenizers.normalizers import StripAccents

from edgebert.checkpoints.unigram_file import read_unigram
from edgebert.errors import EdgebertError
from edgebert.tokenizer import Tokenizer, TokenizerOptions
from edgebert.tokenizer.normalizer import Normalizer
from edgebert.tokenizer.unigram import UnigramModel
from tests.tokenizer.unigrams import (
    ALBERT_STEPS,
    JOIN_SPACES,
    PIECES,
    SPECIAL,
    WHITESPACE,
    charsmap,
    tokenizer_json,
)

MAP = {" ": " ", "\n": " ", "\t": " ", "\r\n": ".", "\u200b": ""}
MAP |= {"ﬁ": "fi", "e\u0301": "é", "½": " 1/2", "中": "the"}
SETTINGS = {
    "Google's": tokenizer_json(),
    "transformers'": tokenizer_json([*ALBERT_STEPS, JOIN_SPACES], WHITESPACE),
    "mapped": tokenizer_json(
        [*ALBERT_STEPS, {"type": "Precompiled", "precompiled_charsmap": charsmap(MAP)}, JOIN_SPACES]
    ),
    "accents kept": tokenizer_json(
        [{"type": "Precompiled", "precompiled_charsmap": charsmap(MAP)}], WHITESPACE
    ),
    "other steps": tokenizer_json([{"type": "Nmt"}, {"type": "NFD"}, {"type": "Lowercase"}]),
    "none": tokenizer_json([]),
}
TEXTS = [
    *("", " ", "a  thing", " a", "a\tan", "¨a", "▁the", "a▁an", "``the''", "e\u0301\u200d", "ﬁn"),
    *("The thing's  end. ", "\u3000a \u3000", "ΑΣ", "İ", "東京 中", "한국어", "½", "\r\n"),
    "the\r\n\u0301",
]


def ours(value, **flags) -> Tokenizer:
    pieces, model = read_unigram(value, "tokenizer.json")
    return Tokenizer(pieces, TokenizerOptions(kind="unigram"), replace(model, **flags))


BOTH = {
    name: (ours(value), Reference.from_str(json.dumps(value))) for name, value in SETTINGS.items()
}


def known(char: str) -> bool:
    """Whether both sides know the character alike: the package's marks are those of Unicode 9."""
    mark = any(unicodedata.category(c)[0] == "M" for c in unicodedata.normalize("NFKD", char))
    if not mark:
        return unicodedata.category(char) not in ("Cn", "Cs")
    rest = StripAccents().normalize_str(unicodedata.normalize("NFKD", char))
    return not any(unicodedata.category(c)[0] == "M" for c in rest)


ANY = st.characters(exclude_categories=("Cs", "Cn")).filter(known)
NEAR = st.sampled_from("  theansigf.'`\"\n\t▁é\u0301\u200d\u0600中ﬁ½©1\r")
STRINGS = st.lists(st.one_of(NEAR, ANY), max_size=20).map("".join)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", SETTINGS)
def test_chosen_texts(name, text):
    mine, reference = BOTH[name]
    assert mine.encode(text).ids == reference.encode(text).ids


@given(st.sampled_from(sorted(SETTINGS)), STRINGS)
@settings(max_examples=1500, deadline=None)
def test_any_text(name, text):
    mine, reference = BOTH[name]
    if not any(token in text for token in SPECIAL):
        assert mine.ids(text) == reference.encode(text, add_special_tokens=False).ids


@given(STRINGS, STRINGS)
@settings(max_examples=100, deadline=None)
def test_pairs(text, pair):
    mine, reference = BOTH["transformers'"]
    found, expected = mine.encode(text, pair), reference.encode(text, pair)
    assert (found.ids, found.segment_ids) == (expected.ids, expected.type_ids)


@given(st.sampled_from(sorted(SETTINGS)), STRINGS)
@settings(max_examples=500, deadline=None)
def test_a_trace_is_the_normalised_text(name, text):
    _, model = read_unigram(SETTINGS[name], "tokenizer.json")
    normalizer = Normalizer(model.normalizer)
    traced = normalizer.trace(text)
    assert "".join(char for char, _, _ in traced) == normalizer.apply(text)
    assert all(0 <= start < end <= len(text) for _, start, end in traced)


@given(st.sampled_from(sorted(SETTINGS)), STRINGS)
@example("other steps", " \u0301")
@settings(max_examples=300, deadline=None)
def test_each_id_has_its_place(name, text):
    mine, _ = BOTH[name]
    offsets = mine.offsets(text)
    assert len(offsets) == len(mine.ids(text))
    assert all(0 <= start <= end <= len(text) for start, end in offsets)
    assert [start for start, _ in offsets] == sorted(start for start, _ in offsets)


def test_places_are_those_of_the_words_without_the_space_before_them():
    mine, _ = BOTH["Google's"]
    text = "The Ánˈs  ﬁ."
    found = [text[start:end] for start, end in mine.offsets(text)]
    assert found == ["The", "Án", "ˈ", "s", "", "", "ﬁ", "."]


def test_special_tokens_in_a_text_are_text():
    mine, _ = BOTH["none"]
    assert not set(mine.ids("[CLS] <pad> [MASK] <unk>")) & {0, 2, 3, 4}
    assert mine.ids("the [MASK] a", mask_tokens=True).count(mine.mask_id) == 1


@pytest.mark.parametrize("takes_space", [False, True])
def test_masks_are_those_of_the_reference(takes_space):
    value = tokenizer_json()
    value["added_tokens"][4]["lstrip"] = takes_space
    text = "the [MASK] a[MASK]"
    mine = ours(value, mask_takes_space=takes_space)
    assert mine.ids(text, mask_tokens=True) == (
        Reference.from_str(json.dumps(value)).encode(text, add_special_tokens=False).ids
    )
    offsets = mine.offsets(text, mask_tokens=True)
    assert [text[start:end].strip() for start, end in offsets].count("[MASK]") == 2


def test_long_words_take_no_longer_than_their_length_asks():
    mine, reference = BOTH["Google's"]
    text = "thean中" * 5_000
    assert mine.ids(text) == reference.encode(text, add_special_tokens=False).ids


def test_a_vocabulary_that_does_not_fit_is_refused():
    pieces, scores = zip(*PIECES, strict=True)
    options = TokenizerOptions(kind="unigram")
    with pytest.raises(EdgebertError, match="as many are needed"):
        Tokenizer(pieces, options, UnigramModel(scores[:-1]))
    with pytest.raises(EdgebertError, match="as many are needed"):
        Tokenizer((*pieces[:-1], "e"), options, UnigramModel(scores))
    with pytest.raises(EdgebertError, match="<unk> is not among the"):
        Tokenizer(("[CLS]", "[SEP]"), options, UnigramModel((0.0, 0.0)))


def test_spelling_tells_what_continues_a_word():
    mine, _ = BOTH["none"]
    the, e = (dict(zip([p for p, _ in PIECES], range(99), strict=False))[p] for p in ("▁the", "e"))
    assert (mine.spelling(the), mine.spelling(e)) == (("the", False), ("e", True))
