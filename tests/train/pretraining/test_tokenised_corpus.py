"""Ids on disk are those of the tokenizer, with the places of lines and documents."""

import json
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgebert.errors import EdgebertError
from edgebert.train.pretraining import tokenised_corpus as module
from edgebert.train.pretraining.tokenised_corpus import TokenWriter, open_tokenised_corpus
from tests.train.pretraining import text

SEP = text.VOCABULARY.index("[SEP]")
DOCUMENTS = st.lists(st.lists(st.sampled_from(text.questions(40)[:30]), min_size=1), max_size=6)


def documents_of(tokens):
    """Documents as lists of lines of ids, read back from the places."""
    lines = np.split(tokens.ids, tokens.lines[1:]) if len(tokens.lines) else []
    ends = [*tokens.documents[1:], len(tokens.lines)]
    return [
        [line.tolist() for line in lines[initial_checkpoint:end]]
        for initial_checkpoint, end in zip(tokens.documents, ends, strict=False)
    ]


@settings(max_examples=40, deadline=None)
@given(DOCUMENTS)
def test_lines_and_documents_come_back(tmp_path_factory, documents):
    lines = [line for document in documents for line in [*document, "", ""]]
    found = text.tokens(tmp_path_factory.mktemp("tokens"), lines)
    ids = text.tokenizer().ids
    expected = [[ids(line) for line in document] for document in documents]
    for document in expected:
        document[-1] = [*document[-1], SEP]
    assert documents_of(found) == expected


def test_small_buffers_write_the_same(tmp_path, monkeypatch):
    lines = text.questions(100)
    for name in ("large", "small"):
        (tmp_path / name).mkdir()
        text.tokens(tmp_path / name, lines)
        monkeypatch.setattr(module, "_BUFFER", 7)
    for file in ("tokens.bin", "lines.bin", "documents.bin", "counts.bin"):
        one, other = (tmp_path / name / "ids" / file for name in ("large", "small"))
        assert one.read_bytes() == other.read_bytes()


def test_entropy_is_that_of_single_pieces(tmp_path):
    found = text.tokens(tmp_path, ["card card card money \u4e00", "", "money [SEP]"])
    counts = Counter({"card": 3, "money": 2, "[": 1, "]": 1, "sep": 1})
    counts.update(["\u4e00"])
    total = sum(counts.values())
    expected = -sum(n / total * math.log(n / total) for n in counts.values())
    assert found.unigram_entropy(text.VOCABULARY) == pytest.approx(expected)


def test_what_is_whole_is_found_again_and_nothing_else(tmp_path):
    made = {"files": ["a"]}
    writer = TokenWriter(tmp_path, text.tokenizer(), len(text.VOCABULARY))
    writer.add("my card")
    assert open_tokenised_corpus(tmp_path, made) is None  # not whole yet
    writer.finish(made)
    assert open_tokenised_corpus(tmp_path, {"files": ["b"]}) is None
    found = open_tokenised_corpus(tmp_path, made)
    assert found.ids.tolist() == [*text.tokenizer().ids("my card"), SEP]
    assert found.ids.dtype == np.uint16
    (tmp_path / "old.rows").touch()
    TokenWriter(tmp_path, text.tokenizer(), len(text.VOCABULARY))
    assert open_tokenised_corpus(tmp_path, made) is None
    assert not (tmp_path / "old.rows").exists()


def test_more_pieces_than_sixteen_bits_hold(tmp_path):
    writer = TokenWriter(tmp_path, text.tokenizer(), 70_000)
    writer.add("my card")
    assert writer.finish({}).ids.dtype == np.uint32


def test_damage_and_full_disks_are_one_line(tmp_path):
    TokenWriter(tmp_path / "a", text.tokenizer(), len(text.VOCABULARY)).finish({})
    (tmp_path / "a" / "tokens.bin").unlink()
    with pytest.raises(EdgebertError, match="damaged"):
        open_tokenised_corpus(tmp_path / "a", {})
    manifest = tmp_path / "a" / "corpus.json"
    manifest.write_text(json.dumps({"made_of": {}, "vocab_size": "many"}))
    assert open_tokenised_corpus(tmp_path / "a", {}) is None
    writer = TokenWriter(tmp_path / "b", text.tokenizer(), len(text.VOCABULARY))

    def full(data):
        raise OSError(28, "No space left on device")

    writer.add("my card")
    writer._ids._file = type("Full", (), {"write": staticmethod(full)})()
    with pytest.raises(EdgebertError, match="cannot write: No space left on device; make room"):
        writer.finish({})
