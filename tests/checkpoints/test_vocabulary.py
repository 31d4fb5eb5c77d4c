"""vocab.txt as Google's tokenizer reads it."""

from __future__ import annotations

import pytest

from edgebert.checkpoints.vocabulary import check_special_tokens, load_vocabulary, read_vocabulary
from edgebert.errors import EdgebertError


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "\n", "\n\n"])
def test_line_ends_do_not_matter(tmp_path, end, last):
    path = tmp_path / "vocab.txt"
    path.write_bytes((end.join(["[PAD]", "a", "##b"]) + last.replace("\n", end)).encode())
    assert read_vocabulary(path) == ("[PAD]", "a", "##b")


def test_only_line_feeds_end_a_piece(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_bytes("a\nb\x0bc\nd\u2028e\nf\x85g\n".encode())
    assert read_vocabulary(path) == ("a", "b\x0bc", "d\u2028e", "f\x85g")


def test_a_piece_that_is_white_space_stays(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_bytes("a\n\u2028\nb\n".encode())
    assert read_vocabulary(path) == ("a", "\u2028", "b")
    assert load_vocabulary(path) == {"a": 0, "\u2028": 1, "b": 2}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\nb\na\n", "word piece 'a' has two ids, 0 and 2"),
        (b"a\n\nb\n", "word piece 1 is empty"),
        (b"", "word piece 0 is empty"),
        (b"\xff\n", "not UTF-8"),
    ],
)
def test_an_ambiguous_vocabulary_is_refused(tmp_path, content, message):
    path = tmp_path / "vocab.txt"
    path.write_bytes(content)
    with pytest.raises(EdgebertError, match=message):
        read_vocabulary(path)


def test_special_tokens_are_needed(tmp_path):
    pieces = ("[PAD]", "[UNK]", "[CLS]", "a")
    with pytest.raises(EdgebertError, match=r"lacks \[SEP\]; BERT needs"):
        check_special_tokens(pieces, mask=False, where=tmp_path)
    check_special_tokens((*pieces, "[SEP]"), mask=False, where=tmp_path)
    with pytest.raises(EdgebertError, match=r"lacks \[MASK\]"):
        check_special_tokens((*pieces, "[SEP]"), mask=True, where=tmp_path)
