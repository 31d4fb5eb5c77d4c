"""Tasks that look at words do so in files with a unigram tokenizer too."""

import json

import numpy as np
import pytest

import edgebert
from edgebert.runtime.tasks.words import Words
from edgebert.tokenizer import TokenizerOptions
from tests.conftest import RUNTIME
from tests.family_folders import SMALL, as_class

(ALBERT,) = (folder for folder in SMALL if folder.name.startswith("albert"))


@pytest.fixture
def model(kept, tmp_path, request):
    def make(path):
        folder = as_class(ALBERT, request.param, tmp_path)
        edgebert.convert(folder, path, quantize="float32", runtime=RUNTIME)

    with edgebert.load(kept(request.param, make)) as loaded:
        yield loaded


def test_words_begin_at_marks_and_at_punctuation():
    vocabulary = ["▁the", "▁", "fox", "'", "s", "▁end", ".", '▁"', "a"]
    text = ["▁the", "▁", "fox", "'", "s", "▁end", ".", '▁"', "a"]
    starts = Words(vocabulary, TokenizerOptions(kind="unigram")).starts(
        [vocabulary.index(piece) for piece in text]
    )
    assert starts.tolist() == [0, 1, 3, 4, 5, 6, 7, 8]
    assert np.array_equal(Words(["a", "##b", "."]).starts([0, 1, 2, 1]), [0, 2])


@pytest.mark.parametrize("model", ["AlbertForTokenClassification"], indirect=True)
def test_spans_are_stretches_of_the_text(model):
    text = "The quick  brown fox, jumps over Ünaffable dogs."
    spans = model(text)
    assert spans
    for span in spans:
        assert text[span.start : span.end] == span.text == span.text.strip() != ""


def test_a_second_space_is_no_span(kept, tmp_path):
    def make(path):
        folder = as_class(ALBERT, "AlbertForTokenClassification", tmp_path)
        tokenizer = json.loads((folder / "tokenizer.json").read_text("utf-8"))
        tokenizer["pre_tokenizer"] = tokenizer["pre_tokenizer"]["pretokenizers"][1]
        (folder / "tokenizer.json").unlink()
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")
        labels = ["B-ONE", "B-TWO", "B-THREE"]  # each word a span of its own
        edgebert.convert(folder, path, quantize="float32", runtime=RUNTIME, labels=labels)

    with edgebert.load(kept("AlbertWithoutSpaces", make)) as model:
        assert [span.text for span in model("fox   moon")] == ["fox", "moon"]


@pytest.mark.parametrize("model", ["AlbertForQuestionAnswering"], indirect=True)
def test_answers_are_stretches_of_the_context(model):
    context = "It is about 384,400 kilometres away from us."
    answer = model("How far is the moon?", context)
    assert context[answer.start : answer.end] == answer.text != ""


@pytest.mark.parametrize("model", ["AlbertForMaskedLM"], indirect=True)
def test_words_for_a_mask_are_put_in_without_marks(model):
    before, after = "The quick ", " fox"
    for fill in model(f"{before}[MASK]{after}", top=20):
        word = fill.token.removeprefix("▁")
        kept = before if fill.token.startswith("▁") else before.rstrip()
        assert fill.text == kept + word + after
