"""Many texts as one stream: order, laziness, errors in their place, early ends, threads."""

import csv
import gc
import itertools
import signal
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edgebert
from edgebert.runtime.batch import stream
from edgebert.runtime.sessions import Sessions

BANKING77 = Path(__file__).parents[1] / "data" / "banking77" / "test.csv"
LONG = "how do i get my money back " * 100


def questions(count):
    with BANKING77.open(encoding="utf-8") as file:
        texts = (row["text"] for row in csv.DictReader(file))
        # The test models have few word pieces, so that longer ones would be cut off.
        return list(itertools.islice((text for text in texts if len(text) <= 50), count))


def batch_threads():
    return [each for each in threading.enumerate() if each.name.startswith("edgebert-batch")]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    assert not batch_threads()


@pytest.fixture
def model(embedder):
    with edgebert.load(embedder) as opened:
        yield opened


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("batch_size", [1, 7, 64, 1000])
def test_answers_are_those_of_single_calls_bit_for_bit(model, workers, batch_size):
    texts = questions(150)
    found = list(model.batch(iter(texts), batch_size=batch_size, workers=workers))
    assert len(found) == len(texts)
    for vector, text in zip(found, texts, strict=True):
        assert np.array_equal(vector, model(text))


def test_pairs_and_single_texts_may_be_mixed(classifier):
    items = ["Is it good?", ("Is it good?", "No."), ("Is it good?", None)]
    with edgebert.load(classifier) as model:
        alone, pair, none = model.batch(items)
        assert alone == none == model("Is it good?")
        assert pair == model("Is it good?", "No.") != alone


@pytest.mark.parametrize(
    ("name", "item", "options"),
    [
        ("tag", "Anna lives in Paris", {"strategy": "average"}),
        ("answer", ("Who lives there?", "Anna lives in Paris. " * 60), {"top": 3}),
        ("fill-mask", "where is my [MASK] ?", {"top": 2}),
        ("classify", LONG, {"long": "mean"}),
    ],
)
def test_every_task_and_its_options(converted, name, item, options):
    with edgebert.load(converted(name)) as model:
        expected = model(*([item] if isinstance(item, str) else item), **options)
        assert list(model.batch([item] * 5, **options)) == [expected] * 5


def test_nothing_gives_nothing(model):
    assert list(model.batch([])) == []


def test_replies_tell_of_truncation_and_a_warning_comes_once(model):
    texts = ["short", LONG, "short", LONG]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        replies = list(model.batch(texts, replies=True))
    assert [reply.truncated for reply in replies] == [False, True, False, True]
    assert replies[1].tokens == model.max_length
    with pytest.warns(edgebert.TruncationWarning, match="64 tokens") as caught:
        list(model.batch(texts))
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_it_reads_two_windows_ahead_and_no_further(model):
    read = 0

    def endless():
        nonlocal read
        for text in itertools.cycle(questions(50)):
            read += 1
            yield text

    answers = model.batch(endless(), batch_size=10, workers=2)
    assert read == 0
    for given_out in range(1, 101):
        next(answers)
        assert read <= given_out - (given_out - 1) % 10 + 19
    answers.close()
    assert read <= 110


class ReadError(Exception):
    pass


@pytest.mark.parametrize("bad", [0, 1, 9, 10, 25, 39])
def test_an_error_comes_in_its_place(model, bad):
    """Whether a text is wrong or reading it fails: all answers before it come first."""
    texts = questions(40)

    def broken_off():
        yield from texts[:bad]
        raise ReadError

    wrong = [*texts[:bad], "\ud800", *texts[bad + 1 :]]
    for items, error in ((broken_off(), ReadError), (wrong, edgebert.EdgebertError)):
        answers = model.batch(items, batch_size=10, workers=3)
        for text in texts[:bad]:
            assert np.array_equal(next(answers), model(text))
        with pytest.raises(error):
            next(answers)
        assert not batch_threads()
        with pytest.raises(StopIteration):
            next(answers)


def test_an_error_of_one_answer_comes_in_its_place(model):
    """Errors on the other threads: here the answer of one text cannot be made."""

    def answer(job, session):
        if job.length == 7:
            raise ZeroDivisionError
        return job.length

    class Job:
        def __init__(self, text, pair):
            self.length = int(text)

    found = stream(map(str, range(20)), Job, answer, model._sessions, batch_size=8, workers=3)
    assert [next(found) for _ in range(7)] == list(range(7))
    with pytest.raises(ZeroDivisionError):
        next(found)


@pytest.mark.parametrize("seen", [0, 1, 15])
def test_an_early_end_leaves_no_thread(model, seen):
    answers = model.batch(itertools.cycle(questions(20)), batch_size=10, workers=2)
    for _ in range(seen):
        next(answers)
    answers.close()
    assert not batch_threads()
    for number, _ in enumerate(model.batch(itertools.repeat("one"), batch_size=10)):
        if number == seen:
            break
    gc.collect()
    assert not batch_threads()


def test_ctrl_c_ends_it_without_waiting_for_the_window(model):
    begun = []

    def slow(job, session):
        begun.append(job)
        if len(begun) == 8:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        time.sleep(0.01)

    found = stream(["one"] * 400, model.tokenizer.encode, slow, model._sessions, workers=2)
    with pytest.raises(KeyboardInterrupt):
        next(found)
    assert not batch_threads()
    assert len(begun) < 50


@pytest.mark.parametrize(
    ("items", "options", "word"),
    [
        ("one string", {}, "one string"),
        (["a"], {"batch_size": 0}, "batch_size is 0"),
        (["a"], {"workers": 0}, "workers is 0"),
        (["a"], {"workers": 1.5}, "workers is 1.5"),
        (["a"], {"workers": True}, "workers is True"),
        (["a"], {"nonsense": 1}, "nonsense"),
    ],
)
def test_wrong_arguments_are_refused_at_once(model, items, options, word):
    with pytest.raises(edgebert.EdgebertError, match=word):
        model.batch(items, **options)


@pytest.mark.parametrize("item", [7, None, ("a", "b", "c"), ["a", "b"], b"a", ("a", 7)])
def test_items_that_are_no_texts_are_named(model, item):
    with pytest.raises(edgebert.EdgebertError, match=type(item).__name__ + "|int"):
        list(model.batch(["fine", item]))


def test_sessions_are_opened_when_needed_and_closed_with_the_model(embedder):
    with edgebert.load(embedder) as model:
        assert len(model._sessions) == 1
        list(model.batch(questions(10), workers=1))
        assert len(model._sessions) == 1
        for _ in range(3):
            list(model.batch(questions(200), workers=3, batch_size=50))
            assert len(model._sessions) <= 3
        answers = model.batch(itertools.repeat("one"), batch_size=10, workers=2)
        next(answers)
    with pytest.raises(edgebert.EdgebertError, match="closed"):
        list(itertools.islice(answers, 1000))
    with pytest.raises(edgebert.EdgebertError, match="closed"):
        list(model.batch(["one"]))
    for session in model._sessions._all:
        with pytest.raises(edgebert.EdgebertError, match="closed"):
            session.run([2, 3])


def test_batches_and_calls_at_the_same_time(model):
    texts = questions(60)
    expected = [model(text) for text in texts]

    def use(number):
        run = partial(model.batch, batch_size=16, workers=2) if number % 2 else partial(map, model)
        return all(all(map(np.array_equal, run(texts), expected)) for _ in range(3))

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(use, range(6)))


@settings(max_examples=30, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 50), max_size=60),
    batch_size=st.integers(1, 70),
    workers=st.integers(1, 4),
)
def test_any_lengths_in_any_windows_keep_their_order(lengths, batch_size, workers):
    class Job:
        def __init__(self, text, pair):
            self.text, self.length = text, lengths[int(text)]

    class Session:
        def close(self):
            pass

    texts = list(map(str, range(len(lengths))))
    found = stream(
        texts, Job, lambda job, session: job.text, Sessions(Session),
        batch_size=batch_size, workers=workers,
    )  # fmt: skip
    assert list(found) == texts
