"""A file whose record does not fit its graph is refused, or found out by its self-test."""

import json
import zipfile

import pytest

import edgebert
from edgebert.model_file.names import RECORD_FILE

pytest.importorskip("ai_edge_litert", reason="files are written with ai-edge-litert")
from edgebert.model_file.stored_zip import archive_bytes


def tampered(path, to, change):
    """A copy of a file with another record in it."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    record = json.loads(files[RECORD_FILE])
    change(record)
    files[RECORD_FILE] = json.dumps(record)
    model = path.read_bytes()
    model = model[: model.index(b"PK\x03\x04")]
    to.write_bytes(model + archive_bytes(files, len(model)))
    return to


def test_selftest_notices_other_answers_and_other_ids(classifier, tmp_path):
    def other_answer(record):
        record["self_test"][0]["output"][0] += 0.5

    def other_ids(record):
        record["self_test"][1]["ids"][1] += 1

    for change, message in ((other_answer, "output is off"), (other_ids, "tokenised")):
        path = tampered(classifier, tmp_path / "x.tflite", change)
        with edgebert.load(path) as model:
            report = model.selftest()
        assert not report.passed
        assert message in report.failures[0]


@pytest.mark.parametrize("labels", [None, [], ["a", "b"], ["a", "b", "c", "d"]])
def test_a_classifier_without_its_labels_is_refused(classifier, tmp_path, labels):
    path = tampered(classifier, tmp_path / "x.tflite", lambda record: record.update(labels=labels))
    with pytest.raises(edgebert.EdgebertError, match="labels"):
        edgebert.load(path)


@pytest.mark.parametrize(("name", "task"), [("embed", "fill-mask"), ("fill-mask", "embed")])
def test_a_graph_with_other_inputs_than_its_task_is_refused(converted, tmp_path, name, task):
    path = tampered(converted(name), tmp_path / "x.tflite", lambda record: record.update(task=task))
    with pytest.raises(edgebert.EdgebertError, match=r"inputs.*positions"):
        edgebert.load(path)


def test_a_graph_of_another_width_is_refused(converted, tmp_path):
    path = tampered(
        converted("tag"), tmp_path / "x.tflite", lambda record: record.update(task="answer")
    )
    with pytest.raises(edgebert.EdgebertError, match="2 values in its record for 5 outputs"):
        edgebert.load(path)
