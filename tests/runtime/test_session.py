"""Ids in, output out: lengths, ranges, threads and closing."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from edgebert.errors import EdgebertError
from edgebert.runtime.sessions import open_session
from tests.bare_engine import run

IDS = [2, 17, 5, 39, 11, 7, 3]


@pytest.fixture
def session(classifier):
    with_limits = open_session(classifier, max_length=20)
    yield with_limits
    with_limits.close()


@pytest.mark.parametrize("length", [1, 7, 8, 9, 17, 20])
def test_any_length_gives_what_the_bare_engine_gives(session, classifier, length):
    ids = (IDS * 3)[:length]
    expected = run(classifier.read_bytes(), ids)
    np.testing.assert_allclose(session.run(ids), expected, atol=1e-6)


def test_an_answer_does_not_depend_on_what_ran_before(session, classifier):
    data = classifier.read_bytes()
    inputs = [
        (IDS, None),
        (IDS[:3], None),
        (IDS, [0, 0, 0, 0, 1, 1, 1]),
        (IDS, None),
        (IDS[:5], [0, 1, 1, 1, 1]),
        (IDS + IDS, None),
        (IDS[:3], None),
    ]
    for ids, segments in inputs:
        np.testing.assert_allclose(session.run(ids, segments), run(data, ids, segments), atol=1e-6)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([], "0 ids given; the model takes 1 to 20"),
        ([1] * 21, "21 ids given"),
    ],
)
def test_wrong_ids_are_named(session, ids, message):
    with pytest.raises(EdgebertError, match=message):
        session.run(ids)
    assert session.run(IDS).shape == (1, 3)  # and do no harm


def test_threads_take_turns(session, classifier):
    data = classifier.read_bytes()
    inputs = [(IDS * 2)[:length] for length in range(1, 14)]
    expected = [run(data, ids) for ids in inputs]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(10):
            for found, right in zip(pool.map(session.run, inputs), expected, strict=True):
                np.testing.assert_allclose(found, right, atol=1e-6)


def test_a_closed_session_says_so(classifier):
    session = open_session(classifier, max_length=20)
    session.run(IDS)
    session.close()
    session.close()
    with pytest.raises(EdgebertError, match="closed"):
        session.run(IDS)


def test_the_output_is_a_copy(session):
    first = session.run(IDS)
    kept = first.copy()
    session.run(IDS[:4])
    assert np.array_equal(first, kept)


def test_an_engine_that_refuses_the_graph_when_it_is_laid_out_is_one_line(session, monkeypatch):
    def refuse():
        raise RuntimeError("failed to create XNNPACK runtime\nNode number 238 failed to prepare")

    monkeypatch.setattr(session._interpreter, "allocate_tensors", refuse)
    with pytest.raises(EdgebertError, match=r"failed to create XNNPACK runtime \(.*LiteRT 2\.2"):
        session.run(IDS)
