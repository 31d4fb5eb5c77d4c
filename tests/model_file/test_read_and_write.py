"""What was written is read back; other and damaged files are one clear error."""

import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgebert.errors import EdgebertError
from edgebert.model_file.contents import read_contents
from edgebert.model_file.names import LABELS_FILE, RECORD_FILE, VOCABULARY_FILE
from edgebert.model_file.read import read_model_file
from edgebert.model_file.stored_zip import archive_bytes
from tests.runtime import fixed_file


def test_file_holds_record_vocabulary_and_labels(classifier):
    file = read_model_file(classifier)
    assert file.record.task == "classify"
    assert file.record.labels == ("negative", "neutral", "positive")
    assert file.vocabulary[:1] == ("[PAD]",)
    assert len(file.vocabulary) == file.record.model.vocab_size
    with zipfile.ZipFile(classifier) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [VOCABULARY_FILE, LABELS_FILE, RECORD_FILE]
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
        assert archive.read(LABELS_FILE) == b"negative\nneutral\npositive\n"


def test_archive_points_at_its_place_behind_other_bytes(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"T" * 1000 + archive_bytes({"a.txt": "é\n", "b.txt": ""}, 1000))
    with zipfile.ZipFile(path) as archive:
        assert archive.read("a.txt").decode() == "é\n"
        assert archive.getinfo("a.txt").header_offset == 1000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a TFLite file"),
        (b"hello world, no model", "not a TFLite file"),
        (b"\x1c\0\0\0TFL3" + b"\0" * 100, "not one that edgebert wrote"),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    path = tmp_path / "x.tflite"
    path.write_bytes(content)
    with pytest.raises(EdgebertError, match=message):
        read_model_file(path)


def test_missing_file_and_folder_are_refused(tmp_path):
    with pytest.raises(EdgebertError, match="no such file"):
        read_model_file(tmp_path / "none.tflite")
    with pytest.raises(EdgebertError, match="is a folder"):
        read_model_file(tmp_path)


def test_a_tflite_without_record_is_refused(classifier, tmp_path):
    path = tmp_path / "plain.tflite"
    data = classifier.read_bytes()
    path.write_bytes(data[: data.index(b"PK\x03\x04")])
    with pytest.raises(EdgebertError, match="edgebert convert"):
        read_model_file(path)
    assert read_contents(path).ops  # but its graph can be looked at


@pytest.fixture(scope="module")
def original(converted):
    return converted("classify").read_bytes()


@given(data=st.data())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_damage_is_an_error_or_harmless(original, tmp_path, data):
    at = data.draw(st.integers(0, len(original) - 1))
    path = tmp_path / "damaged.tflite"
    if data.draw(st.booleans()):
        path.write_bytes(original[:at])
    else:
        flipped = bytearray(original)
        flipped[at] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(flipped)
    for read in (read_model_file, read_contents):
        try:
            read(path)
        except EdgebertError as error:
            assert "\n" not in str(error)


def test_parts_add_up_to_the_file(classifier):
    contents = read_contents(classifier)
    assert sum(contents.parts.values()) == contents.bytes == classifier.stat().st_size
    record = read_model_file(classifier).record
    words = record.model.vocab_size * record.model.hidden_size
    assert contents.parts["word table"] == words
    assert {tensor.name for tensor in contents.graphs[0].inputs} == {"ids", "mask", "segment_ids"}
    assert all(
        tensor.shape == (1, -1) and tensor.dtype == "int32" for tensor in contents.graphs[0].inputs
    )
    assert "FULLY_CONNECTED v12" in contents.ops


def test_the_types_of_all_tensors_are_counted_and_those_of_real_numbers_named(classifier):
    contents = read_contents(classifier)
    assert contents.types.keys() == {"float32", "int32", "int8"}
    assert sum(contents.types.values()) == len(contents.tensors)
    assert len(contents.real) == contents.types["float32"]
    assert "output" in contents.real


def test_several_graphs_are_read_and_what_they_share_is_counted_once(tmp_path):
    fixed_file.write(tmp_path / "x.tflite")
    contents = read_contents(tmp_path / "x.tflite")
    assert [graph.signature for graph in contents.graphs] == ["length_8", "length_16"]
    assert [graph.inputs[0].shape for graph in contents.graphs] == [(1, 8), (1, 16)]
    assert contents.types.keys() == {"int8", "int32"}
    assert contents.real == ()
    assert [tensor.name for tensor in contents.tensors].count("table") == 1
    assert contents.ops["GATHER v2"] == 2
    (gather,) = [use for use in contents.uses if use.op == "GATHER"]
    assert (gather.types, gather.per_channel, gather.count) == (("int32", "int8"), False, 2)
    assert sum(contents.parts.values()) == contents.bytes
