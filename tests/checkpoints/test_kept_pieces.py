"""A text whose word pieces are all kept is cut as before, and the model says the same of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgebert.bert.config import BertConfig
from edgebert.bert.weights import encoder_shapes, head_shapes
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.folder import open_folder
from edgebert.checkpoints.kept_pieces import indispensable_pieces, keep_pieces
from edgebert.checkpoints.learned import Learned, Scales, weights_fingerprint
from edgebert.converter import reference
from edgebert.converter.head import Head
from edgebert.tokenizer.added_token import AddedToken
from edgebert.tokenizer.options import TokenizerOptions
from edgebert.tokenizer.template import Template, TemplatePart
from edgebert.tokenizer.unigram import UnigramModel
from tests.conftest import REFERENCE
from tests.tokenizer.unigrams import PIECES

LETTERS = "abc"
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = st.text(LETTERS, min_size=1, max_size=4)
TEXTS = st.lists(st.text(LETTERS, min_size=1, max_size=7), max_size=5).map(" ".join)


def checkpoint_of(pieces, **more) -> Checkpoint:
    config = BertConfig(len(pieces), 4, 1, 1, 4, 16)
    shapes = {**encoder_shapes(config), **head_shapes("mlm", config)}
    weights = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    weights["embeddings.word"] = np.arange(len(pieces) * 4, dtype=np.float32).reshape(-1, 4)
    weights["mlm.bias"] = np.arange(len(pieces), dtype=np.float32)
    return Checkpoint(config, weights, tuple(pieces), **more)


@st.composite
def trimmed(draw, pieces, **more):
    """A checkpoint, the ids that are kept of it, and what is left."""
    checkpoint = checkpoint_of(pieces, **more)
    ids = draw(st.sets(st.integers(0, len(pieces) - 1)))
    kept = sorted(ids | indispensable_pieces(checkpoint))
    return checkpoint, kept, keep_pieces(checkpoint, kept)


@st.composite
def wordpieces(draw):
    words = draw(st.lists(WORDS, min_size=4, max_size=30, unique=True))
    marks = draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    pieces = [f"##{word}" if mark else word for word, mark in zip(words, marks, strict=True)]
    return draw(trimmed([*SPECIAL, *pieces]))


@settings(max_examples=300, deadline=None)
@given(wordpieces(), TEXTS)
def test_word_pieces_that_are_all_kept_are_found_again(case, text):
    checkpoint, kept, small = case
    before = checkpoint.make_tokenizer().ids(text)
    if {*before} <= {*kept} and 1 not in before:
        assert [kept[number] for number in small.make_tokenizer().ids(text)] == before


@st.composite
def unigrams(draw):
    scores = draw(st.lists(st.floats(-15, -1), min_size=len(PIECES), max_size=len(PIECES)))
    model = UnigramModel(tuple(scores))
    options = TokenizerOptions(kind="unigram")
    return draw(trimmed([piece for piece, _ in PIECES], unigram=model, tokenizer=options))


@settings(max_examples=300, deadline=None)
@given(unigrams(), st.text("theansigof ☃", max_size=12))
def test_unigram_pieces_that_are_all_kept_are_found_again_unknown_ones_too(case, text):
    checkpoint, kept, small = case
    before = checkpoint.make_tokenizer().ids(text)
    if {*before} <= {*kept}:
        assert [kept[number] for number in small.make_tokenizer().ids(text)] == before


def test_rows_of_table_and_masked_language_model_move_with_their_pieces():
    checkpoint = checkpoint_of([*SPECIAL, "a", "b", "c"])
    small = keep_pieces(checkpoint, [0, 1, 2, 3, 4, 7])
    assert small.vocabulary == (*SPECIAL, "c")
    assert small.config.vocab_size == 6
    assert small.weights["embeddings.word"][5].tolist() == [28, 29, 30, 31]
    assert small.weights["mlm.bias"].tolist() == [0, 1, 2, 3, 4, 7]


def test_ids_that_options_name_are_renumbered():
    marker = AddedToken("[E1]", 6)
    template = Template(
        (TemplatePart(6), TemplatePart(None), TemplatePart(3)),
        (TemplatePart(6), TemplatePart(None), TemplatePart(None, 1), TemplatePart(3, 1)),
    )
    options = TokenizerOptions(added_tokens=(marker,), template=template)
    checkpoint = checkpoint_of([*SPECIAL, "a", "[E1]", "b"], tokenizer=options)
    assert indispensable_pieces(checkpoint) == {0, 1, 2, 3, 4, 6}
    small = keep_pieces(checkpoint, [0, 1, 2, 3, 4, 6, 7])
    assert small.make_tokenizer().encode("b [E1]", "b").ids == [5, 6, 5, 6, 3]
    assert checkpoint.make_tokenizer().encode("b [E1]", "b").ids == [6, 7, 6, 7, 3]


@pytest.mark.parametrize("name", ["hf_classifier_2x32", "hf_pretraining_2x32"])
def test_the_model_says_the_same_of_such_texts(name):
    checkpoint = open_folder(REFERENCE / name)
    head = Head("classify" if "classifier" in name else "fill-mask")
    ids = checkpoint.make_tokenizer().encode("the card has not come").ids
    kept = sorted({*ids, *indispensable_pieces(checkpoint)})
    small = keep_pieces(checkpoint, kept)
    new = small.make_tokenizer().encode("the card has not come").ids
    more = {} if head.task == "classify" else {"positions": [2]}
    before, now = (
        reference.output(each.weights, each.config, head, numbers, [0] * len(ids), **more)
        for each, numbers in ((checkpoint, ids), (small, new))
    )
    if head.task == "fill-mask":  # a score a piece
        before = before[..., kept]
    np.testing.assert_allclose(now, before, rtol=1e-5, atol=1e-6)


def test_ranges_from_training_hold_for_fewer_pieces():
    plain = checkpoint_of([*SPECIAL, "a", "b"])
    scales = Scales(1.0, {}, {})
    learned = Learned(weights_fingerprint(plain.weights), scales, {}, 16, 1, 1)
    small = keep_pieces(replace(plain, learned=learned), range(6))
    small.learned.check(small.weights, small.config, "here")
