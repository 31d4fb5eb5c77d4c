"""The index on disk: what is written comes back, and no file can make a reader do harm."""

import struct

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgebert.errors import EdgebertError
from edgebert.semantic_search.corpus import Place
from edgebert.semantic_search.index_file import Header, quantize, read_index, write_index
from edgebert.semantic_search.nearest import cosines, nearest

MODEL, CORPUS, PROMPT = b"m" * 32, b"c" * 32, b"p" * 32


def written(path, vectors):
    vectors = np.asarray(vectors, np.float32)
    header = Header(vectors.shape[1], len(vectors), MODEL, CORPUS, PROMPT)
    places = [Place(10 * at, at + 1) for at in range(len(vectors))]
    write_index(path, header, zip(vectors, places, strict=True))
    return path


@pytest.fixture
def path(tmp_path):
    return written(tmp_path / "x.index", np.random.default_rng(0).normal(size=(5, 3)))


def test_what_is_written_comes_back(path):
    index = read_index(path)
    assert index.header == (3, 5, MODEL, CORPUS, PROMPT)
    assert index.place(4) == Place(40, 5)
    given_back = index.vectors * index.scales[:, None]
    exact = np.random.default_rng(0).normal(size=(5, 3))
    exact /= np.linalg.norm(exact, axis=1, keepdims=True)
    np.testing.assert_allclose(given_back, exact, atol=0.008)
    np.testing.assert_allclose(np.linalg.norm(given_back, axis=1), 1, atol=1e-6)


def test_an_index_is_mapped_and_not_read(path):
    index = read_index(path)
    assert not index.vectors.flags.owndata
    assert not index.vectors.flags.writeable


@settings(deadline=None)
@example([1.401298464324817e-45])
@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=50))
def test_quantizing_keeps_the_direction(values):
    vector = np.array(values, np.float32)
    quantized, scale = quantize(vector)
    exact = vector.astype(np.float64)
    largest = np.abs(exact).max()
    if not largest:
        return
    assert np.abs(quantized).max() == 127
    np.testing.assert_allclose(quantized, exact * (127 / largest), atol=0.51)
    assert np.linalg.norm(quantized * scale) == pytest.approx(1, abs=1e-5)


def test_a_vector_of_zeros_is_nearest_to_nothing(tmp_path):
    index = read_index(written(tmp_path / "x", [[0, 0], [1, 0]]))
    assert cosines(index, np.array([3, 0], np.float32)).tolist() == [0, 1]
    assert cosines(index, np.zeros(2, np.float32)).tolist() == [0, 0]


def test_the_nearest_come_first_and_of_equals_the_earlier(tmp_path):
    index = read_index(written(tmp_path / "x", [[1, 0], [0, 1], [2, 0], [-1, 0], [3, 0]]))
    query = np.array([5, 0], np.float32)
    assert [n.number for n in nearest(index, query, 9)] == [0, 2, 4, 1, 3]
    assert [n.number for n in nearest(index, query, 2)] == [0, 2]
    assert [n.cosine for n in nearest(index, query, 5)] == pytest.approx([1, 1, 1, 0, -1])


def test_an_index_of_several_blocks_equals_numpy(tmp_path):
    random = np.random.default_rng(3)
    vectors = random.normal(size=(9000, 4)).astype(np.float32)
    query = random.normal(size=4).astype(np.float32)
    exact = vectors @ query / np.linalg.norm(vectors, axis=1) / np.linalg.norm(query)
    index = read_index(written(tmp_path / "x", vectors))
    np.testing.assert_allclose(cosines(index, query), exact, atol=0.02)


def test_int8_finds_what_float32_finds(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(2000, 384)).astype(np.float32)
    index = read_index(written(tmp_path / "x", vectors))
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    found = 0
    for query in units[:100]:
        right = np.argsort(-(units @ query))[:10].tolist()
        found += len(
            {neighbour.number for neighbour in nearest(index, query, 10)}.intersection(right)
        )
    assert found / 1000 > 0.98


def patched(path, offset, raw):
    content = bytearray(path.read_bytes())
    content[offset : offset + len(raw)] = raw
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("offset", "raw", "message"),
    [
        (0, b"EDGEBIDY", "exists already and is no index of edgebert; name another with --index"),
        (8, struct.pack("<I", 2), "an index of version 2, this edgebert reads 1"),
        (12, struct.pack("<I", 0), "damaged index: 5 vectors of 0 values"),
        (12, struct.pack("<I", 0xFFFFFFFF), "damaged index: 5 vectors of 4294967295 values"),
        (12, struct.pack("<I", 4), "damaged index: has 244 bytes, its header says 252"),
        (16, struct.pack("<Q", 0), "damaged index: 0 vectors of 3 values"),
        (16, struct.pack("<Q", 2**64 - 1), "damaged index: has 244 bytes, its header says"),
        (16, struct.pack("<Q", 4), "damaged index: has 244 bytes"),
        (-4, struct.pack("<f", float("nan")), "damaged index: its scales are no lengths"),
        (-4, struct.pack("<f", -1), "damaged index: its scales are no lengths"),
    ],
)
def test_a_hostile_header_is_refused(path, offset, raw, message):
    size = path.stat().st_size
    patched(path, offset % size if offset < 0 else offset, raw)
    with pytest.raises(EdgebertError, match=message):
        read_index(path)


@pytest.mark.parametrize("size", [0, 1, 8, 87, 88, 127, 128, 200, 243])
def test_a_cut_off_file_is_refused(path, size):
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(EdgebertError, match=r"no index of edgebert|damaged index"):
        read_index(path)


def test_what_is_no_file_is_an_error(tmp_path):
    with pytest.raises(EdgebertError, match="cannot read"):
        read_index(tmp_path)


def test_an_index_that_fails_leaves_the_old_one(path):
    before = path.read_bytes()

    def documents():
        yield np.ones(3, np.float32), Place(0, 1)
        raise EdgebertError("no")

    with pytest.raises(EdgebertError, match=r"^no$"):
        write_index(path, Header(3, 2, MODEL, CORPUS), documents())
    with pytest.raises(EdgebertError, match="1 documents instead of 2: the corpus changed"):
        write_index(path, Header(3, 2, MODEL, CORPUS), [(np.ones(3, np.float32), Place(0, 1))])
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]
