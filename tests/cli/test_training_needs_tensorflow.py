"""A training without TensorFlow ends at once: before a checkpoint is opened or downloaded."""

import sys

import pytest
from typer.testing import CliRunner

from edgebert.checkpoints import sources
from edgebert.cli.main import app

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
