import numpy as np
import pytest

import edgebert
from edgebert.evaluate.conll import Sentence
from edgebert.evaluate.squad_file import Question
from tools.linear_heads import (
    Scaling,
    adam,
    answer_tokens,
    first_pieces,
    in_bio,
    softmax,
)


def test_every_scheme_becomes_bio():
    assert in_bio(["I-PER", "I-PER", "B-PER", "O", "S-LOC"]) == [
        "B-PER", "I-PER", "B-PER", "O", "B-LOC",
    ]  # fmt: skip


def test_a_scaled_layer_works_on_unscaled_rows():
    random = np.random.default_rng(0)
    rows = random.normal(3, 5, size=(40, 4)).astype(np.float32)
    scaling = Scaling.of(rows)
    weight = random.normal(size=(5, 2)).astype(np.float32)
    layer = scaling.layer(weight, "tagger")
    scaled = np.hstack([scaling.scale(rows), np.ones((40, 1), np.float32)]) @ weight
    found = rows @ layer["tagger.weight"].T + layer["tagger.bias"]
    np.testing.assert_allclose(found, scaled, atol=1e-4)


def test_adam_separates_what_can_be_separated():
    random = np.random.default_rng(0)
    right = random.integers(0, 2, 200)
    rows = np.stack([right * 2 - 1 + random.normal(0, 0.2, 200), np.ones(200)], 1)

    def gradient(weight, batch):
        error = softmax(rows[batch] @ weight, axis=1)
        error[np.arange(len(batch)), right[batch]] -= 1
        return rows[batch].T @ error / len(batch)

    weight = adam(gradient, (2, 2), 200, epochs=10)
    assert ((rows @ weight).argmax(axis=1) == right).all()


@pytest.fixture(scope="module")
def tokenizer_of(converted):
    with edgebert.load(converted("embed")) as model:
        yield model


def test_parts_of_a_word_continue_its_entity(tokenizer_of):
    model = tokenizer_of
    sentence = Sentence(("the", "U.S.", "a"), ("O", "I-LOC", "O"), "")
    found = list(first_pieces(model, sentence))
    _, offsets = model.tokenizer.encode_with_offsets("the U.S. a")
    text = "the U.S. a"
    named = [(text[slice(*offsets[position])], tag) for position, tag in found]
    assert named == [
        ("the", "O"), ("U", "B-LOC"), (".", "I-LOC"), ("S", "I-LOC"), (".", "I-LOC"), ("a", "O"),
    ]  # fmt: skip


def test_the_tokens_of_an_answer(tokenizer_of):
    tokenizer = tokenizer_of.tokenizer
    question = Question("who?", "it was the queen, she said", ("the queen",), (7,), "")
    encoding, offsets = tokenizer.encode_with_offsets(question.question, question.context)
    tokens = answer_tokens(question, encoding, offsets)
    assert offsets[tokens[0]][0] == 7
    assert offsets[tokens[-1]][1] == 16
