"""Files are compiled for an Arm Ethos-U by Vela itself, and what it says is told."""

import json

import pytest
from typer.testing import CliRunner

import edgebert
from edgebert.cli.main import app
from edgebert.converter import vela
from edgebert.errors import CheckFailedError, EdgebertError
from edgebert.model_file.contents import read_contents
from tests.conftest import REFERENCE

pytest.importorskip("ethosu.vela", reason="pip install 'edgebert[ethos-u]'")
pytestmark = pytest.mark.filterwarnings("ignore::edgebert.errors.CalibrationWarning")

CLASSIFIER = REFERENCE / "hf_classifier_2x32"


@pytest.mark.parametrize(
    ("configuration", "taken", "left"),
    [("ethos-u85-256", 1, {}), ("ethos-u55-128", 4, {"GATHER": 3})],
)
def test_both_files_are_kept_and_the_npu_takes_all_but_gather(tmp_path, configuration, taken, left):
    options = ["--quantize", "int8-full", "--length", "16", "--compile", configuration, "--json"]
    result = CliRunner().invoke(
        app, ["convert", str(CLASSIFIER), "-o", str(tmp_path / "x.tflite"), *options]
    )
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)["compilation"]
    assert (told["cpu_ops"], told["configuration"]) == (left, configuration)
    assert told["npu_ops"] == taken
    assert 0 < told["milliseconds"] < 10
    assert 0 < told["sram_kib"] < 500
    assert told["compiler"].startswith("Vela 5")
    compiled = tmp_path / f"x.{configuration}.tflite"
    assert {*tmp_path.iterdir()} == {tmp_path / "x.tflite", compiled}
    assert told["path"] == str(compiled)
    assert read_contents(compiled).bytes == told["bytes"]
    with edgebert.load(tmp_path / "x.tflite") as model:
        assert model.selftest().passed
    inspected = CliRunner().invoke(app, ["inspect", str(compiled)])
    assert inspected.exit_code == 2
    assert "is compiled for an Arm Ethos-U" in " ".join(inspected.stderr.split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"compile_for": "ethos-u99"}, "unknown; known: ethos-u55-32"),
        ({"compile_for": "ethos-u85-256", "target": "qnn"}, "wants --target ethos-u85, not qnn"),
        ({"compile_for": "ethos-u85-256", "quantize": "int8"}, "takes no float32"),
        ({"compile_for": "ethos-u85-256", "lengths": (16, 32)}, "one graph; give one --length"),
    ],
)
def test_what_cannot_be_compiled_is_refused_before_anything_is_written(tmp_path, options, message):
    with pytest.raises(EdgebertError, match=message):
        edgebert.convert(CLASSIFIER, tmp_path / "x.tflite", **{"quantize": "int8-full", **options})
    assert not [*tmp_path.iterdir()]


def test_without_vela_the_extra_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(EdgebertError, match=r"pip install 'edgebert\[ethos-u\]'"):
        vela.check_configuration("ethos-u85-256", None, ())


def test_what_vela_refuses_is_told_and_leaves_no_half_file(tmp_path):
    path = tmp_path / "x.tflite"
    path.write_bytes(b"not a graph" * 10)
    with pytest.raises(CheckFailedError, match="Vela does not compile it for ethos-u85-256"):
        vela.compile_file(path, "ethos-u85-256", lambda *told: None, force=False)
    assert [*tmp_path.iterdir()] == [path]
