"""Safetensors files: every type, and headers that lie."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from edgebert.checkpoints.safetensors_file import read_safetensors
from edgebert.errors import EdgebertError
from tests.checkpoints.folders import CLASSIFIER, ROOTS

FILE = ROOTS[0] / CLASSIFIER / "model.safetensors"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def write(path, header, data=b"\0" * 24, size=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(text) if size is None else size).to_bytes(8, "little") + text + data)
    return path


def entry(dtype="F32", shape=(2, 3), offsets=(0, 24)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


@pytest.mark.parametrize("dtype", ["f4", "f2", "f8", "i8", "i4", "i2", "i1", "u1", "?"])
def test_reads_what_the_library_writes(path, dtype):
    array = np.arange(6).reshape(2, 3).astype(dtype)
    save_file({"other": np.ones(5, "f4"), "a": array, "scalar": np.array(3, "f4")}, path)
    tensors = read_safetensors(path)
    np.testing.assert_array_equal(tensors["a"], array, strict=True)
    assert tensors["scalar"] == 3


def test_bfloat16_becomes_float32(path):
    halves = np.array([0x3F80, 0xC000, 0x7F80], "<u2")
    write(path, {"a": entry("BF16", (3,), (0, 6))}, halves.tobytes())
    tensor = read_safetensors(path)["a"]
    np.testing.assert_array_equal(tensor, np.array([1, -2, np.inf], np.float32), strict=True)


def test_the_numbers_stay_on_disk():
    array = read_safetensors(FILE)["bert.pooler.dense.weight"]
    assert not array.flags.owndata
    assert not array.flags.writeable


@pytest.mark.parametrize(
    "header",
    [
        {"a": entry(shape=(2, 4))},
        {"a": entry(shape=(3, 2**62))},
        {"a": entry(shape=(-2, -3))},
        {"a": entry(offsets=(0, 48))},
        {"a": entry(offsets=(24, 0))},
        {"a": entry(offsets=(-24, 0))},
        {"a": entry(), "b": entry()},  # both claim the same bytes
        {"a": entry(offsets=(4, 28))},
        {"a": {"dtype": "F32", "shape": [6]}},
        {"a": 1},
        [],
        b"not json at all",
        b"\xff\xfe",
        {"a": entry(dtype="F33")},
    ],
)
def test_a_header_that_lies_is_refused(path, header):
    write(path, header)
    with pytest.raises(EdgebertError, match="not a safetensors file, or a damaged one"):
        read_safetensors(path)


@pytest.mark.parametrize("size", [0, 10**6, 2**63])
def test_a_header_size_that_lies_is_refused(path, size):
    write(path, {"a": entry()}, size=size)
    with pytest.raises(EdgebertError, match="not a safetensors file"):
        read_safetensors(path)


def test_a_type_that_no_bert_has_is_an_error_when_it_is_needed(path):
    tensors = read_safetensors(write(path, {"a": entry("U64", (3,), (0, 24))}))
    with pytest.raises(EdgebertError, match="tensor a is of type 'U64'; accepted: float32"):
        tensors["a"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_damaged_file_gives_edgebert_errors_only(path, data):
    content = bytearray(FILE.read_bytes())
    header = st.integers(0, 4500)
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(header)] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(st.one_of(header, st.integers(4500, len(content) - 1))) :]
    path.write_bytes(content)
    try:
        tensors = read_safetensors(path)
    except EdgebertError:
        return
    for name in tensors:
        try:
            assert tensors[name].nbytes <= 2 * len(content)
        except EdgebertError:
            continue
