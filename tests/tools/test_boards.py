"""The race on a board, against a real ssh server on this machine."""

import json
import sys

import pytest

import edgebert
from edgebert.benchmarking.devices.address import DeviceOptions
from edgebert.errors import EdgebertError
from tests.benchmarking.devices.ssh_server import missing
from tools.boards import race as boards
from tools.boards.race import race, vocabulary_size

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@pytest.fixture
def options(ssh_server):
    return DeviceOptions(sys.executable, None, ssh_server.config)


def test_all_that_is_sent_back_comes_from_the_board(ssh_server, options, classifier, tmp_path):
    # Another file of LiteRT's stands for ONNX Runtime's; one that is called as the shipped one, and
    # takes fewer tokens, for that.
    shipped = tmp_path / boards.SHIPPED
    edgebert.convert("tests/data/reference/hf_classifier_2x32", shipped, max_length=64)
    found = race(
        ssh_server.address,
        [classifier, shipped],
        onnx=[classifier],
        lengths=(8, 65),
        threads=(1,),
        min_seconds=0.05,
        options=options,
    )
    json.dumps(found)
    assert found["files"][0]["bytes"] == classifier.stat().st_size
    measured = []
    for report in found["reports"]:
        (device,) = report["devices"]
        assert device["name"] == ssh_server.address
        measured.append({run["input"]["tokens"] for run in device["runs"]})
    assert measured[0] >= {8, 65}
    assert measured[1] >= {8}
    assert 65 not in measured[1]
    assert {(row["tokens"], row["engine"].split()[0]) for row in found["turns"]} == {
        (8, "ai-edge-litert"),
        (65, "ai-edge-litert"),
    }
    assert all(row["microseconds"]["median"] > 0 for row in found["turns"])
    left = [path.name for path in (ssh_server.cache / "jobs").glob("*")]
    assert left == []


def test_the_command_writes_one_file_or_says_why_not(
    ssh_server, classifier, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(boards, "models", lambda folder: [classifier])
    monkeypatch.setattr(boards, "LENGTHS", (8,))
    output = tmp_path / "pi.json"
    command = ["race", "ssh://127.0.0.1:1", "--name", "x", "-o", str(output)]
    monkeypatch.setattr(sys, "argv", command)
    assert boards.main() == 2
    assert not output.exists()
    assert len(capsys.readouterr().err.splitlines()) == 1
    output.write_text("an earlier race")
    assert boards.main() == 2
    assert f"{output}: exists already" in capsys.readouterr().err
    assert output.read_text() == "an earlier race"


def test_a_phone_has_no_onnx_runtime(classifier, options, monkeypatch):
    class Done:
        failures = ()

        class report:  # noqa: N801
            @staticmethod
            def to_json():
                return "{}"

    monkeypatch.setattr("edgebert.benchmark", lambda *a, **k: Done)
    with pytest.raises(EdgebertError, match="adb: ONNX Runtime needs a Python there"):
        race("adb", [classifier], onnx=[classifier], options=options)


def test_the_ids_are_of_the_vocabulary(classifier):
    with edgebert.load(classifier) as model:
        size = vocabulary_size(classifier)
        model.run_ids([size - 1])
        assert model.tokenizer.piece(size - 1)
