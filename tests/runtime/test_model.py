"""Text in, answer out: what each task gives, truncation, self-test, closing."""

import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import edgebert
from tests.conftest import RUNTIME, SOURCES

LONG = "how do i get my money back " * 100


def test_classify_names_the_best_label_and_all_scores(classifier):
    with edgebert.load(classifier) as model:
        answer = model("Where is my card?")
    assert isinstance(answer, edgebert.Classification)
    assert set(answer.scores) == {"negative", "neutral", "positive"}
    assert answer.score == max(answer.scores.values()) == answer.scores[answer.label]
    assert sum(answer.scores.values()) == pytest.approx(1, abs=1e-5)


def test_multi_label_scores_are_independent(converted):
    with edgebert.load(converted("multi-label")) as model:
        scores = model("Where is my card?").scores
    assert abs(sum(scores.values()) - 1) > 1e-3


def test_embed_gives_a_vector_of_length_one(embedder):
    with edgebert.load(embedder) as model:
        vector = model("Where is my card?")
    assert vector.dtype == np.float32
    assert vector.shape == (32,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("name", "width"), [("tag", 5), ("answer", 2), ("fill-mask", None)])
def test_the_graphs_own_output_has_a_row_a_token(converted, name, width):
    with edgebert.load(converted(name)) as model:
        ids = model.tokenizer.encode("Where is my card?").ids
        assert model.run_ids(ids).shape == (1, len(ids), width or model.record.model.vocab_size)


def test_a_pair_is_not_its_first_text(classifier):
    with edgebert.load(classifier) as model:
        alone, pair = model("Is it good?"), model("Is it good?", "No.")
        assert alone.scores != pair.scores
        assert model("Is it good?").scores == alone.scores


def test_a_long_text_is_cut_with_a_warning(classifier):
    with edgebert.load(classifier) as model:
        with pytest.warns(edgebert.TruncationWarning, match="128 tokens"):
            model(LONG)
        reply = model.reply(LONG)
        assert reply.truncated
        assert reply.tokens == model.max_length
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert not model.reply("short").truncated


def test_empty_text_and_null_bytes_are_answered_and_surrogates_refused(classifier):
    with edgebert.load(classifier) as model:
        assert model.reply("").tokens == 2
        assert model("a\0b").scores == model("ab").scores
        with pytest.raises(edgebert.EdgebertError, match="surrogate"):
            model("\ud800")
        with pytest.raises(edgebert.EdgebertError):
            model(7)


def test_batch_keeps_the_order(embedder):
    texts = ["one", "Where is my card?", "two and three", ""]
    with edgebert.load(embedder) as model:
        for found, text in zip(model.batch(texts), texts, strict=True):
            assert np.array_equal(found, model(text))


def test_threads_share_a_model(embedder):
    texts = ["one", "Where is my card?", "two and three and four " * 5] * 10
    with edgebert.load(embedder) as model:
        expected = [model(text) for text in texts]
        with ThreadPoolExecutor(4) as pool:
            for found, right in zip(pool.map(model, texts), expected, strict=True):
                np.testing.assert_allclose(found, right, atol=1e-6)


CALLS = {
    "embed": ("Where is my card?",),
    "classify": ("Where is my card?", "It is on its way."),
    "tag": ("Angela Merkel met Crème in 東京.",),
    "answer": ("Where was he born?", "He was born in London in 1879. " * 20),
    "fill-mask": ("The [MASK] of [MASK] is it.",),
}


@pytest.fixture
def often_interrupted():
    """Python passes from thread to thread a thousand times as often as it does by itself."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 1000)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.parametrize("name", CALLS)
def test_eight_threads_get_the_answers_of_one(converted, name, often_interrupted):
    def calls(model):
        """Now one length, now another, so that threads set up what others are to use."""
        for longer in range(20):
            first, *more = CALLS[name]
            yield model(first + " and the card" * (longer % 5), *more)

    with edgebert.load(converted(name)) as model, ThreadPoolExecutor(8) as pool:
        expected = list(map(repr, calls(model)))
        for found in pool.map(lambda thread: list(calls(model)), range(8)):
            assert list(map(repr, found)) == expected


def test_int8_in_words_of_the_record(classifier):
    record = edgebert.load(classifier).record
    assert record.quantization.matrices == "int8, one scale an output channel"
    assert record.minimum_runtime == {"litert": "2.17", "tflite-runtime": "2.9"}[RUNTIME]
    assert record.source.format
    assert record.check["mean_cosine"] > 0.99


def test_selftest_passes_here(converted):
    for name in SOURCES:
        with edgebert.load(converted(name)) as model:
            report = model.selftest()
        assert report.passed, report
        assert report.texts == 4


def test_a_closed_model_says_so(classifier):
    with edgebert.load(classifier) as model:
        model("one")
    with pytest.raises(edgebert.EdgebertError, match="closed"):
        model("two")


def test_ids_out_of_range_never_reach_the_engine(classifier):
    with edgebert.load(classifier) as model:
        for wrong in (-1, model.record.model.vocab_size):
            with pytest.raises(edgebert.EdgebertError, match=f"id {wrong}"):
                model.run_ids([1, wrong])


@pytest.mark.parametrize(
    ("segments", "said"),
    [([0], "1 segment ids for 3 ids"), ([0, 0, 2], "segment id 2"), ([0, -1, 0], "segment id -1")],
)
def test_segments_that_the_model_has_not_never_reach_the_engine(classifier, segments, said):
    with edgebert.load(classifier) as model, pytest.raises(edgebert.EdgebertError, match=said):
        model.run_ids([2, 5, 3], segments)
