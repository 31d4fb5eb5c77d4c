"""What callers of the tokenizer rely on."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebert.errors import EdgebertError
from edgebert.tokenizer import Tokenizer, TokenizerOptions
from edgebert.tokenizer.memo import Memo
from edgebert.tokenizer.tokenizer import _shares
from tests.tokenizer.bert_oracle import Oracle

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAD, UNK, CLS, SEP, MASK = range(5)
PIECES = [*SPECIAL, "un", "##aff", "##able", "hello", "world", "a", "##a", "[", "]", "sep", "mask"]


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer(PIECES)


def pieces(tokenizer, text, **arguments):
    return [PIECES[token_id] for token_id in tokenizer.encode(text, **arguments).ids[1:-1]]


def test_a_text_stands_between_cls_and_sep(tokenizer):
    encoding = tokenizer.encode("unaffable")
    assert encoding == ([CLS, 5, 6, 7, SEP], [0, 0, 0, 0, 0], False)
    assert encoding.length == 5


def test_a_pair_is_the_second_segment(tokenizer):
    encoding = tokenizer.encode("hello", "world a")
    assert encoding.ids == [CLS, 8, SEP, 9, 10, SEP]
    assert encoding.segment_ids == [0, 0, 0, 1, 1, 1]


def test_an_empty_text_is_cls_and_sep(tokenizer):
    assert tokenizer.encode("").ids == [CLS, SEP]
    assert tokenizer.encode(" \t\n\u3000").ids == [CLS, SEP]
    assert tokenizer.encode("", "").ids == [CLS, SEP, SEP]


def test_null_bytes_and_other_controls_are_dropped(tokenizer):
    assert pieces(tokenizer, "hel\0lo w\x7for\u200bld\x85\x0b") == ["hello", "world"]


def test_special_tokens_typed_in_a_text_are_text(tokenizer):
    assert pieces(tokenizer, "a [SEP] a") == ["a", "[", "sep", "]", "a"]
    assert pieces(tokenizer, "[MASK]") == ["[", "mask", "]"]


def test_the_mask_token_is_there_when_asked_for(tokenizer):
    encoding, offsets = tokenizer.encode_with_offsets("a[MASK] [SEP]", mask_tokens=True)
    assert encoding.ids == [CLS, 10, MASK, 12, 14, 13, SEP]
    assert offsets == [(0, 0), (0, 1), (1, 7), (8, 9), (9, 12), (12, 13), (0, 0)]
    assert pieces(tokenizer, "[mask]", mask_tokens=True) == ["[", "mask", "]"]


def test_a_vocabulary_without_mask_says_so_only_when_it_is_needed():
    tokenizer = Tokenizer(SPECIAL[:4])
    assert tokenizer.encode("[MASK]").ids == [CLS, UNK, UNK, UNK, SEP]
    with pytest.raises(EdgebertError, match=r"\[MASK\] is not among the 4 word pieces"):
        tokenizer.encode("[MASK]", mask_tokens=True)


def test_a_word_of_more_than_100_characters_is_unknown(tokenizer):
    assert pieces(tokenizer, "a" * 100) == ["a", *["##a"] * 99]
    assert pieces(tokenizer, "a" * 101) == ["[UNK]"]
    knows = Tokenizer([*SPECIAL, "a" * 101], TokenizerOptions())
    assert pieces(knows, "a" * 101) == ["[UNK]"]
    assert pieces(tokenizer, "a" * 101 + " a") == ["[UNK]", "a"]


def test_a_word_that_pieces_do_not_cover_is_unknown_as_a_whole(tokenizer):
    assert pieces(tokenizer, "unaffablex hello") == ["[UNK]", "hello"]


def test_the_end_of_a_long_text_is_cut_and_reported(tokenizer):
    assert tokenizer.encode("hello world a", max_length=5) == (
        [CLS, 8, 9, 10, SEP],
        [0] * 5,
        False,
    )
    assert tokenizer.encode("hello world a a", max_length=5) == (
        [CLS, 8, 9, 10, SEP],
        [0] * 5,
        True,
    )


def test_the_longer_text_of_a_pair_is_cut(tokenizer):
    encoding, offsets = tokenizer.encode_with_offsets("a a a a a", "hello world", max_length=6)
    assert encoding == ([CLS, 10, 10, SEP, 8, SEP], [0, 0, 0, 0, 1, 1], True)
    assert offsets == [(0, 0), (0, 1), (2, 3), (0, 0), (0, 5), (0, 0)]


@given(first=st.integers(0, 30), second=st.integers(0, 30), room=st.integers(2, 40))
def test_cutting_a_pair_equals_taking_token_after_token_from_the_longer(first, second, room):
    a, b = first, second
    while a + b > room:
        # Of two that have become as long, the one that was longer keeps a token more.
        if a > b or (a == b and first <= second):
            a -= 1
        else:
            b -= 1
    assert _shares(first, second, room, "longest") == (a, b)


def test_the_text_that_gives_way_can_be_named(tokenizer):
    def both(truncate, first="a a a", second="hello world hello"):
        encoding = tokenizer.encode(first, second, max_length=7, truncate=truncate)
        return encoding.segment_ids.count(0) - 2, encoding.segment_ids.count(1) - 1

    assert both("longest") == (2, 2)
    assert both("first") == (1, 3)
    assert both("second") == (3, 1)
    # What is to stay whole and does not fit alone leaves nothing of the other.
    assert both("first", second="hello " * 9) == (0, 4)
    assert both("second", first="a " * 9) == (4, 0)
    with pytest.raises(EdgebertError, match="truncate is 'only_first'; accepted: 'longest', "):
        both("only_first")


@pytest.mark.parametrize("max_length", [2, 0, -1, 513, 5.0, True, "9"])
def test_a_length_out_of_range_is_refused(tokenizer, max_length):
    with pytest.raises(EdgebertError, match="for a text a whole number from 3 to 512 is needed"):
        tokenizer.encode("a", max_length=max_length)


def test_a_pair_needs_room_for_one_token_each(tokenizer):
    assert tokenizer.encode("a a", "a a", max_length=5).length == 5
    with pytest.raises(EdgebertError, match="max_length is 4; for a pair a whole number from 5"):
        tokenizer.encode("a", "a", max_length=4)


@pytest.mark.parametrize("wrong", [None, 1, b"bytes", ["a"]])
def test_what_is_no_string_is_refused(tokenizer, wrong):
    with pytest.raises(EdgebertError, match=f"must be a string; {type(wrong).__name__} was given"):
        tokenizer.encode(wrong)


def test_a_lone_surrogate_is_refused_with_its_position(tokenizer):
    with pytest.raises(EdgebertError, match=r"lone surrogate U\+D83D at character 6"):
        tokenizer.encode("hello \ud83d")
    with pytest.raises(EdgebertError, match=r"U\+DC00 at character 0"):
        tokenizer.encode("hello", "\udc00")


@pytest.mark.parametrize("missing", SPECIAL[:4])
def test_a_vocabulary_without_a_special_token_is_refused(missing):
    with pytest.raises(EdgebertError) as caught:
        Tokenizer([piece for piece in PIECES if piece != missing])
    assert str(caught.value) == f"vocabulary: {missing} is not among the 15 word pieces"


def test_a_vocabulary_with_a_piece_twice_is_refused():
    with pytest.raises(EdgebertError, match="'hello' is there twice, as id 8 and as id 16"):
        Tokenizer([*PIECES, "hello"])


def test_a_vocabulary_of_other_things_than_strings_is_refused():
    with pytest.raises(EdgebertError, match="every word piece must be a string"):
        Tokenizer([*SPECIAL, 5])


def test_a_batch_is_as_one_by_one(tokenizer):
    texts, seconds = ["hello", "a [MASK]"], ["world", ""]
    assert tokenizer.encode_batch(texts) == [tokenizer.encode(text) for text in texts]
    assert tokenizer.encode_batch(texts, seconds, max_length=5, mask_tokens=True) == [
        tokenizer.encode(text, second, max_length=5, mask_tokens=True)
        for text, second in zip(texts, seconds, strict=True)
    ]


def test_a_batch_of_one_string_or_of_odd_pairs_is_refused(tokenizer):
    with pytest.raises(EdgebertError, match="one string was given"):
        tokenizer.encode_batch("hello")
    with pytest.raises(EdgebertError, match="2 texts and 1 pairs"):
        tokenizer.encode_batch(["a", "a"], ["a"])


def test_offsets_are_characters_of_the_text_as_given(vocabulary):
    text = "  Zürich's cafe\u0301: 東京\U000e0100, 👍🏽!"
    encoding, offsets = Tokenizer(vocabulary).encode_with_offsets(text)
    assert len(offsets) == encoding.length
    assert [text[start:end] for start, end in offsets[1:-1]] == [
        "Zürich",
        "'",
        "s",
        "cafe\u0301",
        ":",
        "東",
        "京\U000e0100",
        ",",
        "👍🏽",
        "!",
    ]


def test_options_reach_the_words():
    letters = [*SPECIAL, "É", "é", "e", "e\u0301", "東", "##京"]
    cased = Tokenizer(letters, TokenizerOptions(lower_case=False, chinese_chars=False))
    assert [letters[i] for i in cased.encode("É é 東京").ids[1:-1]] == ["É", "é", "東", "##京"]
    accented = Tokenizer(letters, TokenizerOptions(strip_accents=False))
    assert [letters[i] for i in accented.encode("É").ids[1:-1]] == ["é"]
    plain = Tokenizer(letters)
    assert [letters[i] for i in plain.encode("É").ids[1:-1]] == ["e"]


def test_a_memo_stays_small_and_right():
    memo = Memo(len, limit=3)
    texts = [str(number) for number in range(20)] + ["x" * 1000]
    assert [memo[text] for text in texts] == [len(text) for text in texts]
    assert len(memo) <= 3
    assert max(map(len, memo)) < 1000


def test_threads_share_a_tokenizer(vocabulary, questions, monkeypatch):
    monkeypatch.setattr("edgebert.tokenizer.wordpiece._TOKENS_KEPT", 50)  # empties it all the time
    tokenizer, oracle = Tokenizer(vocabulary), Oracle(vocabulary)
    texts = questions[:100]
    expected = {text: oracle.encode(text)[0] for text in texts}
    wrong = []

    def work(start):
        for text in texts[start:] + texts[:start]:
            if tokenizer.encode(text).ids != expected[text]:
                wrong.append(text)

    threads = [threading.Thread(target=work, args=(10 * at,)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_segments_begin_behind_the_first_separator(tokenizer):
    for texts in (("un",), ("un", "un un"), ("", "")):
        encoding = tokenizer.encode(*texts)
        assert tokenizer.segments(encoding.ids) == encoding.segment_ids
    assert tokenizer.segments([]) == []


def test_a_wrong_truncate_is_refused_of_a_single_text_too(tokenizer):
    for pair in (None, "world"):
        with pytest.raises(EdgebertError, match="truncate is 'x'; accepted: 'longest', 'first'"):
            tokenizer.encode("hello", pair, truncate="x")
