"""TensorFlow's checkpoint files: what TensorFlow wrote, and every way they can be damaged."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgebert.bert.config import BertConfig
from edgebert.bert.weights import parameter_count
from edgebert.checkpoints.mapped import map_file
from edgebert.checkpoints.sorted_table import masked_crc32c, read_sorted_table
from edgebert.checkpoints.tensor_bundle import TensorBundle
from edgebert.checkpoints.wire import MalformedError
from edgebert.errors import EdgebertError
from tests.checkpoints.folders import BUNDLES

NUMBERS = ("float32", "float16", "bfloat16", "float64", "int32", "int64", "uint8", "bool")


@pytest.mark.parametrize("name", NUMBERS)
def test_reads_each_type_that_tensorflow_wrote(name):
    tensor = TensorBundle(BUNDLES / "dtypes.index")[name]
    kind = "float32" if name == "bfloat16" else name
    expected = np.arange(6).reshape(2, 3).astype(kind)
    np.testing.assert_array_equal(tensor, expected, strict=True)


def test_reads_a_scalar():
    tensor = TensorBundle(BUNDLES / "dtypes.index")["scalar"]
    assert tensor.shape == ()
    assert tensor == 2.5


def test_strings_are_listed_but_cannot_be_read():
    bundle = TensorBundle(BUNDLES / "dtypes.index")
    assert "text" in bundle
    with pytest.raises(EdgebertError, match="text is of TensorFlow type 7"):
        bundle["text"]


def test_reads_tensors_from_two_data_files():
    bundle = TensorBundle(BUNDLES / "two_shards.index")
    assert {name: tensor.tolist() for name, tensor in bundle.items()} == {
        "tensor_0": [1.0] * 4,
        "tensor_1": [2.0] * 4,
    }


def test_reads_the_index_of_a_checkpoint_that_google_released():
    folder = BUNDLES / "google_base"
    bundle = TensorBundle(folder / "bert_model.ckpt.index")
    assert len(bundle) == 5 + 12 * 16 + 2 + 7  # embeddings, layers, pooler, pre-training heads
    raw = json.loads((folder / "bert_config.json").read_text())
    names = BertConfig.__dataclass_fields__.keys() - {"hidden_act"}
    config = BertConfig(**{name: raw[name] for name in names & raw.keys()})
    sizes = {name: int(np.prod(entry.shape)) for name, entry in bundle.entries.items()}
    bert = sum(size for name, size in sizes.items() if name.startswith("bert/"))
    assert bert == parameter_count(config)
    # The file is one tensor after the other: offsets, sizes and shapes must add up.
    end = 0
    for entry in bundle.entries.values():
        assert (entry.offset, entry.size) == (end, 4 * int(np.prod(entry.shape)))
        end += entry.size


def test_without_its_data_file_the_index_still_opens():
    bundle = TensorBundle(BUNDLES / "google_base" / "bert_model.ckpt.index")
    with pytest.raises(EdgebertError, match="data-00000-of-00001: cannot read: No such file"):
        bundle["bert/pooler/dense/bias"]


def test_a_cut_data_file_is_found(tmp_path):
    index = copy_bundle(tmp_path)
    data = tmp_path / "dtypes.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(EdgebertError, match="tensor uint8 does not match its checksum"):
        read_numbers(index)


INDEX = (BUNDLES / "dtypes.index").read_bytes()
CONTENT = (BUNDLES / "dtypes.data-00000-of-00001").read_bytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_damage_is_found_or_harmless(tmp_path, data):
    """A changed bit, a cut or a changed run of bytes, in either file."""
    index, content = bytearray(INDEX), bytearray(CONTENT)
    target = data.draw(st.sampled_from([index, content]))
    at = data.draw(st.integers(0, len(target) - 1))
    match data.draw(st.sampled_from(["flip", "cut", "overwrite"])):
        case "flip":
            target[at] ^= 1 << data.draw(st.integers(0, 7))
        case "cut":
            del target[at:]
        case "overwrite":
            junk = data.draw(st.binary(min_size=1, max_size=16))
            target[at : at + len(junk)] = junk
    (tmp_path / "dtypes.index").write_bytes(index)
    (tmp_path / "dtypes.data-00000-of-00001").write_bytes(content)
    try:
        found = read_numbers(tmp_path / "dtypes.index")
    except EdgebertError:
        return
    for name, tensor in read_numbers(BUNDLES / "dtypes.index").items():
        np.testing.assert_array_equal(found[name], tensor, strict=True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_lying_index_with_right_checksums_is_no_other_error(tmp_path, data):
    """The checksums are made right again, so that the parsers behind them see the damage."""
    end = len(INDEX) - 48 - 5  # of the index block; the first block ends where its entry says
    (size,) = [size for size in range(end) if is_checked_block(INDEX, 0, size)]
    block = bytearray(INDEX[:size])
    for _ in range(data.draw(st.integers(1, 4))):
        block[data.draw(st.integers(0, size - 1))] = data.draw(st.integers(0, 255))
    checked = bytes(block) + b"\0"
    checksum = masked_crc32c(memoryview(checked)).to_bytes(4, "little")
    (tmp_path / "dtypes.index").write_bytes(checked + checksum + INDEX[size + 5 :])
    shutil.copy(BUNDLES / "dtypes.data-00000-of-00001", tmp_path)
    try:
        bundle = TensorBundle(tmp_path / "dtypes.index")
    except EdgebertError:
        return
    for name in bundle:
        try:
            tensor = bundle[name]
        except EdgebertError:
            continue
        assert tensor.nbytes <= 4 * len(CONTENT)


@given(
    st.dictionaries(st.binary(max_size=40), st.binary(max_size=80), max_size=40),
    st.integers(1, 9),
    st.integers(1, 5),
)
def test_tables_of_any_block_size_are_read_back(pairs, per_block, per_restart):
    table = write_table(pairs, per_block, per_restart)
    assert read_sorted_table(memoryview(table)) == pairs


def test_a_compressed_block_is_named():
    table = write_table({b"a": b"b"}, 1, 1, compression=1)
    with pytest.raises(MalformedError, match="compression type 1"):
        read_sorted_table(memoryview(table))


def test_keys_that_grow_out_of_few_bytes_are_refused():
    pairs = {b"a" * size: b"" for size in range(1, 1026)}
    with pytest.raises(MalformedError, match="key of 1025 bytes"):
        read_sorted_table(memoryview(write_table(pairs, len(pairs), len(pairs))))


@pytest.mark.parametrize(
    ("content", "crc"),
    [(b"\0" * 32, 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (bytes(range(32)), 0x46DD794E)],
)
def test_checksums_are_crc32c_masked_as_leveldb_does(content, crc):
    """The test vectors of RFC 3720, appendix B.4."""
    rotated = (crc >> 15 | crc << 17) & 0xFFFFFFFF
    assert masked_crc32c(memoryview(content)) == (rotated + 0xA282EAD8) & 0xFFFFFFFF


def test_a_long_checksum_is_that_of_the_whole():
    import google_crc32c

    content = bytes(range(256)) * 9000
    crc = google_crc32c.value(content)
    rotated = (crc >> 15 | crc << 17) & 0xFFFFFFFF
    assert masked_crc32c(memoryview(content)) == (rotated + 0xA282EAD8) & 0xFFFFFFFF


@pytest.mark.parametrize("content", [b"", b"x", b"x" * 48, b"\0" * 1000])
def test_a_file_that_is_no_index_is_refused(tmp_path, content):
    path = tmp_path / "model.ckpt.index"
    path.write_bytes(content)
    with pytest.raises(EdgebertError, match=r"not a TensorFlow checkpoint index|empty"):
        TensorBundle(path)


def copy_bundle(to):
    for path in BUNDLES.glob("dtypes.*"):
        shutil.copy(path, to)
    return to / "dtypes.index"


def read_numbers(index):
    bundle = TensorBundle(index)
    try:
        return {name: bundle[name] for name in NUMBERS}
    except KeyError:
        raise AssertionError("a tensor is gone without an error") from None


def is_checked_block(table, start, size):
    stored = int.from_bytes(table[start + size + 1 : start + size + 5], "little")
    return masked_crc32c(memoryview(table)[start : start + size + 1]) == stored


def write_table(pairs, per_block, per_restart, compression=0):
    """A sorted table as LevelDB's documents describe it."""
    keys = sorted(pairs)
    groups = [keys[at : at + per_block] for at in range(0, len(keys), per_block)]
    out, index = b"", {}
    for group in groups:
        block = write_block({key: pairs[key] for key in group}, per_restart, compression)
        index[group[-1]] = varint(len(out)) + varint(len(block) - 5)
        out += block
    meta = write_block({}, 1)
    root = write_block(index, 1)
    handles = varint(len(out)) + varint(len(meta) - 5)
    handles += varint(len(out) + len(meta)) + varint(len(root) - 5)
    return out + meta + root + handles.ljust(40, b"\0") + bytes.fromhex("57fb808b247547db")


def write_block(pairs, per_restart, compression=0):
    block, restarts, previous = b"", [], b""
    for number, (key, value) in enumerate(pairs.items()):
        shared = 0
        if number % per_restart == 0:
            restarts.append(len(block))
        else:
            while shared < min(len(key), len(previous)) and key[shared] == previous[shared]:
                shared += 1
        block += varint(shared) + varint(len(key) - shared) + varint(len(value))
        block += key[shared:] + value
        previous = key
    restarts = restarts or [0]
    for number in (*restarts, len(restarts)):
        block += number.to_bytes(4, "little")
    block += bytes([compression])
    return block + masked_crc32c(memoryview(block)).to_bytes(4, "little")


def varint(number):
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def test_mapping_an_empty_file_is_an_error(tmp_path):
    (tmp_path / "empty").touch()
    with pytest.raises(EdgebertError, match="empty"):
        map_file(tmp_path / "empty")
