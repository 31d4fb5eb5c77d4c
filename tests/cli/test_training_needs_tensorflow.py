"""A training without TensorFlow ends at once: before a checkpoint is opened or downloaded."""

import sys

import pytest
from typer.testing import CliRunner

from edgebert.checkpoints import sources
from edgebert.checkpoints.writing.hugging_face import write_hugging_face
from edgebert.cli.main import app
from edgebert.train.initialisation import with_task_heads
from tests.train import words

DATA = "text,label\na,x\nb,y\n"


@pytest.mark.parametrize(
    "command",
    [
        "finetune tiny --train data.csv --task classify -o out",
        "distill --teacher tiny --student tiny --labels data.csv -o out",
        "fit data.csv -o out",
    ],
)
def test_nothing_is_opened_before_it_is_missed(command, tmp_path, monkeypatch):
    def opened(*_arguments):
        raise AssertionError("a checkpoint was looked for")

    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").write_text(DATA)
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    monkeypatch.setattr(sources, "_folder", opened)
    result = CliRunner().invoke(app, command.split())
    assert result.exit_code == 2
    assert result.stderr == "error: training needs TensorFlow: pip install 'edgebert[train]'\n"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            "finetune tiny --train data.csv --dev data.csv --task classify -o out --metric f2",
            "metric 'f2'",
        ),
        ("distill --teacher tiny --student nowhere/at-all --labels data.csv -o out", "nowhere"),
        ("distill --teacher tiny --init teacher --student big --labels data.csv -o out", "'big'"),
        ("distill --teacher tiny --init both --student 1/8 --labels data.csv -o out", "--init"),
        ("finetune tiny --train late.csv --task classify -o out", "late.csv, line 4: "),
        ("finetune tiny --train data.csv --dev late.csv --task classify -o out", "late.csv, line"),
        ("distill --teacher large --student tiny --labels late.csv -o out", "late.csv, line 4: "),
        ("distill --teacher large --student tiny --labels data.csv --dev late.csv -o out", "late"),
    ],
)
def test_wrong_input_does_not_wait_for_tensorflow(command, said, tmp_path, monkeypatch):
    """It takes seconds to import."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "data.csv").write_text(DATA)
    (tmp_path / "late.csv").write_text(f"{DATA}c\n")  # all but its last row is as it should be
    teacher = with_task_heads(words.checkpoint(2), "classify", ("x", "y"), 1, None)
    write_hugging_face(teacher, tmp_path / "large")
    write_hugging_face(words.checkpoint(), tmp_path / "tiny")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    monkeypatch.setitem(sys.modules, "tensorflow", None)  # importing it would fail
    result = CliRunner().invoke(app, command.split())
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
