"""Spans of labelled words: merging, offsets, strategies, long texts."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edgebert
from edgebert.errors import EdgebertError
from edgebert.runtime.answer_json import to_json
from edgebert.runtime.tasks.tag import Word, merge
from tests.runtime.tasks.conftest import FakeSession
from tests.runtime.tokenwise import LABELS, VOCABULARY
from tests.tokenizer.bert_oracle import Oracle

BIO = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
BIOES = ["O", *(f"{mark}-{name}" for name in ("PER", "LOC") for mark in "BIES")]
BILOU = ["O", *(f"{mark}-{name}" for name in ("PER", "LOC") for mark in "BILU")]
IO = ["O", "PER", "LOC"]
I_ONLY = ["O", "I-PER", "I-LOC"]

# Words of every kind, each followed by what stands between it and the next one.
WORDS = st.sampled_from(
    ["London", "Müller", "cafe\u0301", "東京", "한국어", "👩🏽‍🚀", "U.S.", "o'neil", "😀",
     "नमस्ते", "İstanbul", "ﬁne", "unaffable", "soft\u00adly", "\u0301", "\ufffd", "x" * 120,
     "ΟΔΟΣ", "Nguyễn", "か\u3099"]
)  # fmt: skip
GAPS = st.sampled_from([" ", "\t", "\n", "  ", "\u00a0", "\u3000", "\u200b ", ", "])
TEXTS = st.lists(st.tuples(WORDS, GAPS), max_size=30).map(
    lambda parts: "".join(word + gap for word, gap in parts)
)


@pytest.mark.parametrize(
    ("labels", "sequence", "expected"),
    [
        (BIO, "B-PER I-PER O B-LOC", ["PER 0-1", "LOC 3-3"]),
        (BIO, "B-PER B-PER I-PER", ["PER 0-0", "PER 1-2"]),
        (BIO, "I-PER I-PER I-LOC O I-LOC", ["PER 0-1", "LOC 2-2", "LOC 4-4"]),
        (BIO, "B-PER I-LOC I-LOC", ["PER 0-0", "LOC 1-2"]),
        (BIO, "O O", []),
        (BIOES, "B-PER I-PER E-PER S-PER S-PER", ["PER 0-2", "PER 3-3", "PER 4-4"]),
        (BIOES, "E-PER I-PER E-LOC O I-LOC E-LOC", ["PER 0-0", "PER 1-1", "LOC 2-2", "LOC 4-5"]),
        (BILOU, "B-LOC L-LOC U-LOC I-LOC", ["LOC 0-1", "LOC 2-2", "LOC 3-3"]),
        (IO, "PER PER LOC O LOC", ["PER 0-1", "LOC 2-2", "LOC 4-4"]),
        (I_ONLY, "I-PER I-PER I-LOC O", ["PER 0-1", "LOC 2-2"]),
        (
            ["NOUN", "VERB", "B-side"],
            "NOUN NOUN B-side VERB",
            ["NOUN 0-1", "B-side 2-2", "VERB 3-3"],
        ),
    ],
)
def test_words_merge_by_the_scheme_of_the_labels(labels, sequence, expected):
    words = [Word(label, 0.5, at, at) for at, label in enumerate(sequence.split())]
    found = [f"{span.label} {span.start}-{span.end}" for span in merge(words, labels)]
    assert found == expected


def test_the_score_of_a_span_is_the_mean_of_its_words():
    words = [Word("B-PER", 0.5, 0, 3), Word("I-PER", 0.9, 4, 7)]
    assert merge(words, BIO) == [Word("PER", pytest.approx(0.7), 0, 7)]


@settings(max_examples=60, deadline=None)
@given(text=TEXTS, long=st.sampled_from(["truncate", "windows"]))
def test_every_span_is_a_stretch_of_the_text(tokenwise_model, text, long):
    model = tokenwise_model("tag")
    reply = model.reply(text, long=long)
    end = 0
    for span in reply.value:
        assert isinstance(span, edgebert.Span)
        assert span.text == text[span.start : span.end]
        assert end <= span.start < span.end
        assert span.label in ("PER", "LOC")
        assert 0 < span.score <= 1
        end = span.end


def words_of(text):
    """Where the words of a text are, by the plain oracle: [(first piece, pieces, start, end)]."""
    oracle = Oracle(VOCABULARY.read_text(encoding="utf-8").splitlines())
    words = []
    for at, (number, (start, end)) in enumerate(oracle.pieces(text)):
        if oracle.names[number].startswith("##"):
            first, pieces, begin, _ = words[-1]
            words[-1] = (first, pieces + 1, begin, end)
        else:
            words.append((at, 1, start, end))
    return words


@pytest.mark.parametrize("strategy", ["first", "average"])
def test_a_word_is_labelled_by_its_first_piece_or_by_the_average(tokenwise_model, strategy):
    model = tokenwise_model("tag")
    text = (
        "Crème brûlée unaffable antidisestablishmentarianism 東京 한국어 👩🏽‍🚀 \tU.S. cafe\u0301"
    )
    logits = model.run_ids(model.tokenizer.encode(text).ids)[0, 1:-1].astype(float)
    grown = np.exp(logits)
    probabilities = grown / grown.sum(axis=1, keepdims=True)
    words = []
    for first, pieces, start, end in words_of(text):
        count = 1 if strategy == "first" else pieces
        scores = probabilities[first : first + count].mean(axis=0)
        words.append(Word(LABELS[scores.argmax()], scores.max(), start, end))
    expected = merge(words, LABELS)
    assert len(expected) > 3
    found = model(text, strategy=strategy)
    assert [span[:1] + span[2:4] for span in found] == [word[:1] + word[2:] for word in expected]
    assert [s.score for s in found] == pytest.approx([w.score for w in expected], abs=1e-6)


PASSAGE = (
    "Angela Merkel met Crème\tBrûlée in 東京 and 👩🏽‍🚀 cafe\u0301 near the U.S. embassy, Łódź."
)


@pytest.mark.parametrize("before", [0, 37, 2500, 4980])
def test_tags_in_5000_words_are_those_of_the_passage_alone(tokenwise_model, before):
    model = tokenwise_model("tag")
    filler = next(w for w in ("a", "and", "on", "this", "money", "dog") if not model(w)) + " "
    head, tail = filler * before, " " + filler * (5000 - before)
    found = model(head + PASSAGE + tail, long="windows")
    alone = model(PASSAGE)
    assert len(alone) > 3
    moved = [
        span._replace(start=span.start + len(head), end=span.end + len(head)) for span in alone
    ]
    assert [s._replace(score=0) for s in found] == [s._replace(score=0) for s in moved]
    assert [s.score for s in found] == pytest.approx([s.score for s in moved], abs=1e-6)


@given(tokens=st.integers(1, 300), stride=st.integers(1, 62), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_each_token_is_taken_from_the_window_that_shows_most_around_it(
    tokenwise_model, tokens, stride, seed
):
    task = tokenwise_model("tag")._task
    job = task.tokenize("a " * tokens, long="windows", stride=stride)
    session = FakeSession(len(LABELS), seed)
    found = task._logits(job, session)
    for token in range(tokens):
        contexts = [
            min(token - w.start, w.end - 1 - token) if w.start <= token < w.end else -1
            for w in job.windows
        ]
        best = contexts.index(max(contexts))
        row = 1 + token - job.windows[best].start
        np.testing.assert_array_equal(found[token], session.outputs[best][row])


def test_a_long_text_is_cut_with_a_warning_unless_windows_are_asked_for(tokenwise_model):
    model = tokenwise_model("tag")
    text = PASSAGE * 20
    with pytest.warns(edgebert.TruncationWarning):
        model(text)
    cut, whole = model.reply(text), model.reply(text, long="windows")
    assert (cut.truncated, cut.tokens) == (True, 64)
    assert (whole.truncated, len(whole.value) > 2 * len(cut.value)) == (False, True)


def test_nothing_is_found_in_nothing(tokenwise_model):
    for text in ("", " \t", "\u0301", "\u200b"):
        assert tokenwise_model("tag")(text) == []


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("a", "b"), {}, "tag takes one text"),
        (("a",), {"strategy": "last"}, "strategy is 'last'; accepted: 'first', 'average'"),
        (("a",), {"long": "mean"}, "long is 'mean'; accepted: 'truncate', 'windows'"),
        (("a",), {"stride": 5}, "stride is for windows; ask for them"),
        (("a",), {"long": "windows", "stride": 63}, "from 1 to 62"),
        (("a",), {"top": 5}, "tag has no option 'top'; it has: strategy, long, stride"),
        ((7,), {}, "must be a string"),
    ],
)
def test_wrong_use_is_told(tokenwise_model, arguments, options, message):
    with pytest.raises(edgebert.EdgebertError, match=message):
        tokenwise_model("tag")(*arguments, **options)


@settings(max_examples=20, deadline=None)
@given(text=TEXTS)
def test_scores_are_all_probabilities_of_each_word(tokenwise_model, text):
    model = tokenwise_model("tag")
    reply = model.reply(text, long="windows", scores=True)
    words = [(start, end) for _, _, start, end in words_of(text) if end > start]
    assert [(word.start, word.end) for word in reply.value.words] == words
    for word in reply.value.words:
        assert tuple(word.scores) == LABELS
        assert sum(word.scores.values()) == pytest.approx(1, abs=1e-5)
    labelled = [
        Word(max(word.scores, key=word.scores.get), max(word.scores.values()), *word[:2])
        for word in reply.value.words
    ]
    spans = [(span.label, span.start, span.end) for span in model(text, long="windows")]
    assert [(span.label, span.start, span.end) for span in merge(labelled, LABELS)] == spans
    written = to_json(model, text, None, reply)
    assert json.loads(json.dumps(written))["words"] == [
        word._asdict() for word in reply.value.words
    ]


def test_scores_are_asked_for_by_true_or_false(tokenwise_model):
    for task, pair in (("tag", None), ("answer", "He was born.")):
        model = tokenwise_model(task)
        assert model.reply("Who?", pair, scores=False) == model.reply("Who?", pair)
        with pytest.raises(EdgebertError, match="scores is 'yes'; true or false is needed"):
            model.reply("Who?", pair, scores="yes")
