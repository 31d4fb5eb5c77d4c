"""Full-integer files: the smallest length that fits, whole numbers made real, the finish."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from edgebert.errors import EdgebertError
from edgebert.runtime.sessions import open_session

pytest.importorskip("ai_edge_litert", reason="files are written with ai-edge-litert")
from tests.runtime import fixed_file
from tests.runtime.fixed_file import WIDTH, real

IDS = [2, 17, 5, 29, 11, 7, 3, 30, 31, 1, 8, 9, 4, 6, 12, 13]


@pytest.fixture
def opened(tmp_path):
    """Gives a session of a file as `fixed_file.write` makes it."""
    sessions = []

    def open_file(step=1, **options):
        integer = fixed_file.write(tmp_path / "x.tflite", **options)
        sessions.append(
            open_session(tmp_path / "x.tflite", max_length=512, fixed=integer, step=step)
        )
        return sessions[-1]

    yield open_file
    for session in sessions:
        session.close()


class Watched:
    """Notes the shapes that go in."""

    def __init__(self, inner):
        self.inner, self.seen = inner, []

    def invoke(self):
        self.seen.append({name: value.tolist()[0] for name, value in self.inner.values.items()})
        self.inner.invoke()

    def __getattr__(self, name):
        return getattr(self.inner, name)


def watched(session):
    """What each run of the session is given."""
    found = []
    session.watch(lambda inner: found.append(Watched(inner)) or found[0])
    return found[0].seen


@pytest.mark.parametrize("tokens", range(1, 17))
def test_a_row_a_token_comes_back_without_padding(opened, tokens):
    session = opened()
    output = session.run(IDS[:tokens])
    assert output.dtype == np.float32
    np.testing.assert_array_equal(output, real(IDS[:tokens])[None])


@pytest.mark.parametrize(
    ("tokens", "step", "length"), [(1, 1, 8), (8, 1, 8), (9, 1, 16), (5, 16, 16), (15, 32, 16)]
)
def test_a_text_is_padded_to_the_smallest_length_that_fits(opened, tokens, step, length):
    session = opened(step=step)
    seen = watched(session)
    session.run(IDS[:tokens])
    assert seen == [{"ids": IDS[:tokens] + [5] * (length - tokens)}]


def test_masks_and_segments_are_given_to_files_that_take_them(opened):
    session = opened(inputs=("ids", "mask", "segment_ids"), looked_up="segment_ids")
    seen = watched(session)
    output = session.run(IDS[:3], [0, 1, 1])
    assert seen == [
        {
            "ids": [*IDS[:3], 5, 5, 5, 5, 5],
            "mask": [1, 1, 1, 0, 0, 0, 0, 0],
            "segment_ids": [0, 1, 1, 0, 0, 0, 0, 0],
        }
    ]
    np.testing.assert_array_equal(output, real([0, 1, 1])[None])
    np.testing.assert_array_equal(session.run(IDS[:3]), real([0, 0, 0])[None])


def test_more_positions_than_a_graph_takes_are_computed_in_several_runs(opened):
    session = opened(inputs=("ids", "positions"), reads="positions")
    assert session.further_inputs == ("positions",)
    for count in (1, 2, 3, 5):
        chosen = list(range(count))[::-1]
        output = session.run(IDS[:9], further={"positions": chosen})
        np.testing.assert_array_equal(output, real([IDS[at] for at in chosen])[None])
    with pytest.raises(EdgebertError, match="positions"):
        session.run(IDS[:9])


def softmax(x):
    return np.exp(x) / np.exp(x).sum()


@pytest.mark.parametrize(
    ("host", "finish"),
    [
        ("none", lambda x: x),
        ("normalize", lambda x: x / np.linalg.norm(x)),
        ("softmax", softmax),
        ("sigmoid", lambda x: 1 / (1 + np.exp(-x))),
    ],
)
def test_what_the_record_leaves_to_the_host_is_done(opened, host, finish):
    session = opened(reads="first", host=host)
    expected = finish(real(IDS[:1])[0].astype(np.float64))
    np.testing.assert_allclose(session.run(IDS)[0], expected, rtol=1e-5, atol=1e-7)
    assert session.output_width == WIDTH


@pytest.mark.parametrize("tokens", [1, 3, 7, 16])
def test_the_rounded_weight_of_a_mean_is_put_right(opened, tokens):
    session = opened(reads="first", mean_step=1 / 256)
    rounded = np.round(256 / tokens) / 256
    expected = real(IDS[:1]) / tokens / rounded
    np.testing.assert_allclose(session.run(IDS[:tokens]), expected, rtol=1e-6)


@pytest.mark.parametrize(("ids", "message"), [([], "0 ids"), ([1] * 17, "takes 1 to 16")])
def test_wrong_numbers_of_ids_are_named(opened, ids, message):
    session = opened()
    with pytest.raises(EdgebertError, match=message):
        session.run(ids)
    assert session.max_length == 16


@pytest.mark.parametrize("lengths", [(), (8, 32), (4,)])
def test_graphs_that_are_not_those_of_the_record_are_refused(tmp_path, lengths):
    integer = fixed_file.write(tmp_path / "x.tflite")
    with pytest.raises(EdgebertError, match=r"x\.tflite: damaged"):
        open_session(tmp_path / "x.tflite", max_length=16, fixed=replace(integer, lengths=lengths))


def test_a_file_for_any_length_is_no_full_integer_file(classifier):
    with pytest.raises(EdgebertError, match="damaged"):
        open_session(classifier, max_length=16, fixed=fixed_file.INTEGER)


def test_threads_take_turns(opened):
    session = opened()
    inputs = [IDS[:tokens] for tokens in range(1, 17)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(10):
            for ids, found in zip(inputs, pool.map(session.run, inputs), strict=True):
                np.testing.assert_array_equal(found, real(ids)[None])


@pytest.mark.parametrize("reads", ["all", "positions"])
def test_delegation_is_known_before_anything_ran(opened, reads):
    inputs = ("ids", "positions") if reads == "positions" else ("ids",)
    assert opened(inputs=inputs, reads=reads).delegation().ops > 1


def test_a_closed_session_says_so(opened):
    session = opened()
    session.run(IDS)
    session.close()
    session.close()
    with pytest.raises(EdgebertError, match="closed"):
        session.run(IDS)


def test_an_output_is_not_changed_by_the_next_run(opened):
    session = opened()
    first = session.run(IDS)
    kept = first.copy()
    session.run(IDS[::-1])
    assert np.array_equal(first, kept)
