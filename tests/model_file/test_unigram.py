"""A unigram tokenizer comes back from its file as it went in, and a wrong one is refused."""

import json

import pytest

from edgebert.errors import EdgebertError
from edgebert.model_file.unigram import read_unigram_text, unigram_text
from edgebert.tokenizer.normalizer import Step
from edgebert.tokenizer.unigram import UnigramModel

PIECES = ("<pad>", "▁a", "\n", "é")
MODEL = UnigramModel(
    scores=(0.0, -1.25, -2.5, -3.3333333333333335),
    normalizer=(Step("replace", "``", '"'), Step("nfkd"), Step("map", table={"ﬁ": "fi"})),
    whitespace_splits=True,
    mask_takes_space=True,
)


def test_it_comes_back_as_it_went_in():
    assert read_unigram_text(unigram_text(PIECES, MODEL).encode()) == (PIECES, MODEL)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pieces": None}, "pieces is missing"),
        ({"scores": 3}, "scores is missing"),
        ({"pieces": ["a", 3]}, "a piece is no text, or its score no number"),
        ({"scores": [True]}, "a piece is no text, or its score no number"),
        ({"scores": [float("inf")]}, "a score is not finite"),
        ({"normalizer": [{"name": "shout"}]}, r"normalizer\[0\].name is 'shout'"),
        ({"normalizer": [{"name": "map", "table": {"a": 1}}]}, r"table.a is '1'"),
        ({"whitespace_splits": "yes"}, "whitespace_splits is 'yes'"),
    ],
)
def test_a_wrong_one_is_refused(changes, message):
    data = {**json.loads(unigram_text(PIECES, MODEL)), **changes}
    with pytest.raises(EdgebertError, match=f"unigram tokenizer.*{message}") as caught:
        read_unigram_text(json.dumps(data).encode())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"pieces": '])
def test_what_is_no_object_is_refused(text):
    with pytest.raises(EdgebertError, match="unigram tokenizer"):
        read_unigram_text(text)
