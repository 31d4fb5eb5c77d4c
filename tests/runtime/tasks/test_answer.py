"""Answers to questions: best spans, null answers, windows, offsets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edgebert
from tests.runtime.tasks.conftest import FakeSession
from tests.runtime.tasks.test_tag import TEXTS, WORDS

QUESTION = "Where was he born?"


def by_hand(job, outputs):
    """The logit of each stretch of tokens, from the window where it has most context."""
    spans = {}
    for window, rows in zip(job.windows, outputs, strict=True):
        context = rows[-1 - (window.end - window.start) : -1].astype(float)
        for first in range(len(context)):
            for last in range(first, min(first + job.longest, len(context))):
                side = min(first, len(context) - 1 - last)
                key = (window.start + first, window.start + last)
                logit = context[first, 0] + context[last, 1]
                spans[key] = max(spans.get(key, (-1, 0)), (side, logit), key=lambda each: each[0])
    return {key: logit for key, (_, logit) in spans.items()}


@given(
    tokens=st.integers(1, 150),
    stride=st.integers(1, 56),
    longest=st.integers(1, 40),
    seed=st.integers(0, 9999),
)
@settings(max_examples=25, deadline=None)
def test_the_best_answers_are_those_found_by_hand(tokenwise_model, tokens, stride, longest, seed):
    task = tokenwise_model("answer")._task
    options = {"top": 5, "stride": stride, "max_answer_length": longest}
    job = task.tokenize(QUESTION, "a " * tokens, **options)
    session = FakeSession(2, seed)
    answers = task.infer(job, session).value
    logits = by_hand(job, session.outputs)
    best = sorted(logits, key=lambda key: -logits[key])[:5]
    assert [(a.start, a.end) for a in answers] == [(2 * i, 2 * j + 1) for i, j in best]
    total = sum(np.exp(logit) for logit in logits.values())
    expected = [np.exp(logits[key]) / total for key in best]
    assert [a.score for a in answers] == pytest.approx(expected, rel=1e-5)


@given(tokens=st.integers(1, 150), seed=st.integers(0, 9999), threshold=st.floats(-3, 3))
@settings(max_examples=25, deadline=None)
def test_the_null_answer_wins_past_the_threshold(tokenwise_model, tokens, seed, threshold):
    task = tokenwise_model("answer")._task
    session = FakeSession(2, seed)
    job = task.tokenize(QUESTION, "a " * tokens, null_threshold=threshold)
    found = task.infer(job, session).value
    null = min(float(rows[0].astype(float).sum()) for rows in session.outputs)
    logits = by_hand(job, session.outputs)
    best = max(logits.values())
    if null - best > threshold:
        assert found is None
    else:
        total = np.exp(null) + sum(np.exp(logit) for logit in logits.values())
        assert found.score == pytest.approx(np.exp(best) / total, rel=1e-5)
    session = FakeSession(2, seed)
    several = task.tokenize(QUESTION, "a " * tokens, null_threshold=threshold, top=3)
    assert (task.infer(several, session).value == []) == (found is None)


def test_scores_hold_for_any_threshold_and_length(tokenwise_model):
    model = tokenwise_model("answer")
    usual = model(QUESTION, SENTENCES[0], max_answer_length=60)
    assert model(QUESTION, SENTENCES[0], max_answer_length=10**12) == usual
    for threshold in (1e308, float("inf"), 10**6):
        assert 0 < model(QUESTION, SENTENCES[0], null_threshold=threshold).score < usual.score + 1
    assert model(QUESTION, SENTENCES[0], null_threshold=float("-inf")) is None


@settings(max_examples=60, deadline=None)
@given(context=TEXTS, question=WORDS, top=st.integers(1, 4))
def test_every_answer_is_a_stretch_of_whole_words(tokenwise_model, context, question, top):
    model = tokenwise_model("answer")
    found = model(question, context, top=top)
    answers = found if top > 1 else [found] if found else []
    for answer in answers:
        assert isinstance(answer, edgebert.Answer)
        assert answer.text == context[answer.start : answer.end] != ""
        assert 0 < answer.score <= 1
    assert [a.score for a in answers] == sorted((a.score for a in answers), reverse=True)
    assert len({(a.start, a.end) for a in answers}) == len(answers)
    assert bool(answers) == bool(model.tokenizer.ids(context))


def test_half_words_are_widened_to_whole_ones(tokenwise_model):
    model = tokenwise_model("answer")
    context = "unaffable antidisestablishmentarianism floccinaucinihilipilification"
    assert len(model.tokenizer.ids(context)) > 15
    stretches = {" ".join(context.split()[i:j]) for i in range(3) for j in range(i + 1, 4)}
    found = model("x", context, top=6, max_answer_length=50)
    assert {answer.text for answer in found} <= stretches


SENTENCES = [
    "Einstein was born in Ulm\tin 1879",
    "née Müller, in 東京 on a Łódź cafe\u0301 👩🏽‍🚀",
    "the unaffable o'neil of İstanbul",
]


@pytest.mark.parametrize("passage", SENTENCES)
@pytest.mark.parametrize("before", [0, 37, 2500, 4980])
def test_the_answer_in_5000_words_is_that_of_the_passage_alone(tokenwise_model, passage, before):
    """The words around it are of a kind that neither begins nor ends an answer better."""
    model = tokenwise_model("answer")
    alone = model(QUESTION, passage)
    filler = dull_word(model, passage) + " "
    head, tail = filler * before, " " + filler * (5000 - before)
    found = model(QUESTION, head + passage + tail)
    assert found.text == alone.text
    assert (found.start, found.end) == (alone.start + len(head), alone.end + len(head))
    assert found.score < alone.score


def dull_word(model, passage):
    """A word whose start and end logits are below those of the whole passage."""
    ids = model.tokenizer.encode(QUESTION, passage).ids
    least = model.run_ids(ids)[0][-1 - len(model.tokenizer.ids(passage)) : -1].min(axis=0)
    words = [model.tokenizer.piece(number) for number in range(2000, 12_000)]
    for start in range(0, len(words), 60):
        some = words[start : start + 60]
        rows = model.run_ids(model.tokenizer.join([*range(2000 + start, 2000 + start + 60)]).ids)
        for word, row in zip(some, rows[0, 1:-1], strict=True):
            if word.isalpha() and (row < least).all():
                return word
    raise AssertionError("no such word")


def test_a_question_takes_at_most_half_the_room(tokenwise_model):
    model = tokenwise_model("answer")
    with pytest.warns(edgebert.TruncationWarning):
        answer = model("where " * 500, "He was born in Ulm.")
    assert answer.text
    assert not model.reply(QUESTION, "He was born in Ulm. " * 500).truncated


@pytest.mark.parametrize("context", ["", " \t", "\u200b"])
def test_no_context_no_answer(tokenwise_model, context):
    model = tokenwise_model("answer")
    assert model(QUESTION, context) is None
    assert model(QUESTION, context, top=3) == []
    assert model(QUESTION, context, null_threshold=0) is None


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("a",), {}, "the context is missing"),
        (("a", "b"), {"top": 0}, "top is 0; a whole number from 1 on"),
        (("a", "b"), {"max_answer_length": 1.5}, "max_answer_length is 1.5"),
        (("a", "b"), {"stride": 0}, "stride is 0"),
        (("a", "b"), {"null_threshold": "0"}, "null_threshold is '0'; a number is needed"),
        (("a", "b"), {"long": "mean"}, "answer has no option 'long'"),
        (("a", 7), {}, "must be a string"),
    ],
)
def test_wrong_use_is_told(tokenwise_model, arguments, options, message):
    with pytest.raises(edgebert.EdgebertError, match=message):
        tokenwise_model("answer")(*arguments, **options)


@given(tokens=st.integers(1, 150), stride=st.integers(1, 56), seed=st.integers(0, 9999))
@settings(max_examples=25, deadline=None)
def test_scores_are_the_probabilities_of_starts_and_ends(tokenwise_model, tokens, stride, seed):
    task = tokenwise_model("answer")._task
    job = task.tokenize(QUESTION, "a " * tokens, stride=stride, scores=True)
    session = FakeSession(2, seed)
    words = task.infer(job, session).value.words
    best = {}
    for window, rows in zip(job.windows, session.outputs, strict=True):
        inside = rows[-1 - (window.end - window.start) : -1].astype(float)
        for place, row in enumerate(inside):
            side, token = min(place, len(inside) - 1 - place), window.start + place
            best[token] = max(best.get(token, (-1, None)), (side, row), key=lambda each: each[0])
    null = min((rows[0].astype(float) for rows in session.outputs), key=lambda row: row.sum())
    powers = np.exp([null, *(best[token][1] for token in range(tokens))])
    expected = (powers / powers.sum(axis=0))[1:]
    assert [(word.start, word.end) for word in words] == [(2 * i, 2 * i + 1) for i in range(tokens)]
    found = [[word.scores["start"], word.scores["end"]] for word in words]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_pieces_of_a_word_count_together(tokenwise_model):
    model = tokenwise_model("answer")
    scored = model.reply("x", "unaffable o'neil", scores=True).value.words
    assert [(word.start, word.end) for word in scored] == [(0, 9), (10, 11), (11, 12), (12, 16)]
    for name in ("start", "end"):
        assert 0 < sum(word.scores[name] for word in scored) < 1
    assert model.reply("x", " ", scores=True).value.words == []
