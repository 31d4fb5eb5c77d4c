"""What is read is never replaced by what is written, even with --force."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgebert.cli.main import app
from tests.conftest import REFERENCE

INTENTS = Path(__file__).parents[2] / "edgebert/data/intents.tflite"


@pytest.mark.parametrize(
    "command",
    [
        "convert ck -o ck/vocab.txt",
        "convert ck -o ck/model.safetensors",
        "convert ck -o link",
        "convert ck -o made.tflite --labels labels.html --quantize int8-full "
        "--quantization-report labels.html",
        "evaluate model.tflite --data data.csv --html data.csv",
        "evaluate model.tflite --data data.csv --html model.tflite",
        "evaluate model.tflite --data data.csv --out-of-scope other.txt --html other.txt",
        "benchmark model.tflite -o model.tflite",
        "benchmark model.tflite --data data.csv --csv data.csv",
        "benchmark model.tflite --texts other.txt -o other.txt",
    ],
)
def test_an_output_that_is_an_input_is_refused(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(REFERENCE / "hf_classifier_2x32", "ck")
    shutil.copyfile(INTENTS, "model.tflite")
    Path("data.csv").write_text("text,label\nhello,card_arrival\n")
    Path("other.txt").write_text("How is the weather?\n")
    Path("labels.html").write_text("a\nb\nc\n")
    Path("link").symlink_to("ck/config.json")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    result = CliRunner().invoke(app, [*command.split(), "--force"])
    assert result.exit_code == 2
    assert "is the input; choose another name" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_model_and_report_are_two_files(tmp_path):
    one = str(tmp_path / "one.html")
    command = ["convert", str(REFERENCE / "hf_classifier_2x32"), "-o", one]
    report = ["--quantize", "int8-full", "--quantization-report", one]
    result = CliRunner().invoke(app, [*command, *report])
    assert result.exit_code == 2
    assert "model and report cannot be one file" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_converted_into_the_checkpoints_folder_is_made_anew(tmp_path):
    folder = shutil.copytree(REFERENCE / "hf_classifier_2x32", tmp_path / "ck")
    command = ["convert", str(folder), "-o", str(folder / "model.tflite")]
    assert CliRunner().invoke(app, command).exit_code == 0
    assert CliRunner().invoke(app, [*command, "--force"]).exit_code == 0


@pytest.mark.parametrize("verb", [["run"], ["evaluate", "--data", "data.csv"]])
def test_a_side_file_that_is_not_there_is_not_passed_over(verb):
    name, *options = verb
    command = [name, str(INTENTS), *options, "--taught", "no.taught"]
    result = CliRunner().invoke(app, [*command, *(["hello"] if name == "run" else [])])
    assert result.exit_code == 2
    assert "no.taught" in result.stderr
