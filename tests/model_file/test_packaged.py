"""The model that comes with edgebert is found by its name, and never in place of a file."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import edgebert
from edgebert.errors import EdgebertError
from edgebert.model_file.packaged import PACKAGED, find_model, packaged_path


def run(*words, folder):
    return subprocess.run(
        [sys.executable, "-m", "edgebert", *words], cwd=folder, capture_output=True, text=True
    )


@pytest.mark.parametrize("name", PACKAGED)
def test_a_name_opens_the_packaged_model(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with edgebert.load(name) as model:
        assert model.path.is_absolute()
        assert model.selftest().passed
        assert model("I lost my card").label == "lost_or_stolen_card"


def test_verbs_take_the_name(tmp_path):
    done = run("run", "intents", "I lost my card", folder=tmp_path)
    assert done.stdout.startswith("lost_or_stolen_card\t")
    assert "lost_or_stolen_card" in run("inspect", "intents", "--json", folder=tmp_path).stdout
    (tmp_path / "rows.csv").write_text("text,label\nI lost my card,lost_or_stolen_card\n")
    done = run("evaluate", "intents", "--data", "rows.csv", "--json", folder=tmp_path)
    assert json.loads(done.stdout)["metrics"]["accuracy"] == 1
    words = ("--rounds", "2", "--lengths", "16", "-o", "report.json")
    assert run("benchmark", "intents", *words, folder=tmp_path).returncode == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert {run["model"]["name"] for run in report["devices"][0]["runs"]} == {"intents"}


def test_a_file_of_that_name_goes_first(tmp_path, monkeypatch, converted):
    monkeypatch.chdir(tmp_path)
    shutil.copy(converted("embed"), "intents")
    assert find_model("intents") == "intents"
    with edgebert.load("intents") as model:
        assert model.task == "embed"


def test_a_folder_of_that_name_is_told_of_and_not_passed_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("intents").mkdir()
    with pytest.raises(EdgebertError, match=r"intents: is a folder; .*packaged model") as error:
        edgebert.load("intents")
    assert packaged_path("intents") in str(error.value)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("tiny", r"tiny: no such file; it is a checkpoint: edgebert convert tiny -o tiny.tflite"),
        ("2/128", r"no such file; .* edgebert convert 2/128 -o 2-128.tflite"),
        ("intent", r"intent: no such file; by name there is: intents"),
        ("a.tflite", r"a.tflite: no such file$"),
    ],
)
def test_what_is_no_file_is_told_with_what_to_do(name, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EdgebertError, match=says):
        edgebert.load(name)
