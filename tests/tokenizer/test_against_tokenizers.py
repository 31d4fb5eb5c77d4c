"""Against the Rust package `tokenizers`, which is exact wherever its Unicode tables are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgebert.tokenizer import Tokenizer, TokenizerOptions

tokenizers = pytest.importorskip("tokenizers")

# Scripts and marks that have not changed for many versions of Unicode. Not the capital sigma:
# `tokenizers` lower-cases it the same way at the end of a word as inside one.
SETTLED = [
    (0x20, 0x7E),
    (0xA0, 0x17F),
    (0x300, 0x314),
    (0x391, 0x3A1),
    (0x3B1, 0x3C9),
    (0x410, 0x44F),
    (0x5D0, 0x5EA),
    (0x621, 0x63A),
    (0x905, 0x939),
    (0xE01, 0xE3A),
    (0x2010, 0x2027),
    (0x20A0, 0x20AC),
    (0x3041, 0x3096),
    (0x4E00, 0x9FA5),
    (0xAC00, 0xD7A3),
    (0x1F600, 0x1F640),
]
SETTLED_TEXTS = st.text(
    st.one_of(
        st.sampled_from("\t\n\0\x7f"),
        *(st.characters(min_codepoint=a, max_codepoint=b) for a, b in SETTLED),
    ),
    max_size=60,
)


def reference(vocabulary, options):
    model = tokenizers.models.WordPiece(
        {piece: index for index, piece in enumerate(vocabulary)},
        unk_token="[UNK]",  # noqa: S106
        max_input_chars_per_word=100,
    )
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer(
        lowercase=options.lower_case,
        strip_accents=options.strip_accents,
        handle_chinese_chars=options.chinese_chars,
    )
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    return tokenizer


@pytest.fixture(scope="module")
def pairs(vocabulary):
    """Ours and theirs, for each set of options."""
    every = [
        TokenizerOptions(),
        TokenizerOptions(lower_case=False),
        TokenizerOptions(lower_case=False, strip_accents=True),
        TokenizerOptions(strip_accents=False, chinese_chars=False),
    ]
    return [(Tokenizer(vocabulary, options), reference(vocabulary, options)) for options in every]


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.characters(max_codepoint=0x7F), max_size=80) | SETTLED_TEXTS)
def test_same_ids(pairs, text):
    for ours, theirs in pairs:
        assert ours.encode(text).ids[1:-1] == theirs.encode(text, add_special_tokens=False).ids


def test_same_ids_and_offsets_on_real_questions(pairs, questions):
    ours, theirs = pairs[0]
    for question in questions:
        encoding, offsets = ours.encode_with_offsets(question)
        expected = theirs.encode(question, add_special_tokens=False)
        assert encoding.ids[1:-1] == expected.ids
        assert offsets[1:-1] == expected.offsets
