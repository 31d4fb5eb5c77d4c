"""A trained vocabulary is one of BERT's kind, and covers the text it was trained on."""

import pytest

from edgebert.checkpoints.vocabulary import check_vocabulary
from edgebert.errors import EdgebertError
from edgebert.tokenizer.options import TokenizerOptions
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.train.pretraining.vocabulary import train_vocabulary
from tests.train.pretraining import text

pytest.importorskip("tokenizers", reason="tokenizers is not here: pip install 'edgebert[train]'")

TEXTS = [line for line in text.questions(1500) if line]


def test_special_tokens_are_where_berts_are(tmp_path):
    found = train_vocabulary(lambda: TEXTS, 800, TokenizerOptions())
    assert len(found) == 800
    for token in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[unused0]", "[unused98]"):
        assert found.index(token) == text.VOCABULARY.index(token), token
    check_vocabulary(found, tmp_path)
    assert found == train_vocabulary(lambda: TEXTS, 800, TokenizerOptions())


def test_it_covers_its_text_with_fewer_pieces_than_characters():
    found = train_vocabulary(lambda: TEXTS, 1000, TokenizerOptions())
    tokenizer = Tokenizer(found, TokenizerOptions())
    ids = [number for line in TEXTS for number in tokenizer.ids(line)]
    assert ids.count(found.index("[UNK]")) / len(ids) < 0.001
    assert len(ids) < 0.4 * sum(len(line.replace(" ", "")) for line in TEXTS)
    assert tokenizer.ids("card") == [found.index("card")]


def test_capitals_are_kept_when_asked():
    texts = ["Bob and Ann saw Äpfel"] * 5
    uncased = train_vocabulary(lambda: texts, 300, TokenizerOptions())
    cased = train_vocabulary(lambda: texts, 300, TokenizerOptions(lower_case=False))
    assert not any(piece != piece.lower() for piece in uncased[104:])
    assert "Bob" in cased


def test_wrong_sizes_and_no_text_are_one_line():
    for size in (100, 2_000_000):
        with pytest.raises(EdgebertError, match="from 200 to 1,000,000 is accepted"):
            train_vocabulary(lambda: TEXTS, size, TokenizerOptions())
    with pytest.raises(EdgebertError, match="no text to train a vocabulary on"):
        train_vocabulary(list, 500, TokenizerOptions())
    many = "".join(map(chr, range(0x3B1, 0x3C0))) * 20 + "".join(map(chr, range(0x400, 0x460)))
    with pytest.raises(EdgebertError, match="which with 104 special tokens take more"):
        train_vocabulary(lambda: [many], 200, TokenizerOptions(lower_case=False))
