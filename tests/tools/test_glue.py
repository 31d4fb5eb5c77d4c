"""GLUE's grid over GLUE's own layout, without a training."""

import pytest

from edgebert.checkpoints.writing.hugging_face import write_hugging_face
from tests.train import words
from tools.studies import glue


@pytest.fixture
def runs(monkeypatch):
    """The commands that would train; each ends with a figure of its own."""
    found = []

    def run(command):
        found.append(command)
        return {"metrics": {command[command.index("--metric") + 1]: len(found) / 10}}

    monkeypatch.setattr(glue.train, "__defaults__", (run,))
    return found


def test_tasks_that_are_there_are_trained_with_the_grid(runs, tmp_path, capsys):
    for name in ("STS-B", "MNLI", "SST-2"):
        (tmp_path / "glue" / name).mkdir(parents=True)
        (tmp_path / "glue" / name / "train.tsv").write_text("sentence\tlabel\n")
    write_hugging_face(words.checkpoint(), tmp_path / "model")
    arguments = [str(tmp_path / "model"), str(tmp_path / "glue"), "-o", str(tmp_path / "out")]
    assert glue.main(arguments) == 0
    assert [command[command.index("--task") + 1] for command in runs] == [
        "classify",
        "regress",
        "classify",
    ]
    assert all("--grid" in command and "--resume" in command for command in runs)
    assert str(tmp_path / "glue/MNLI/dev_matched.tsv") in runs[2]
    assert capsys.readouterr().out.splitlines()[2:] == [
        "| SST-2 | accuracy | 10.0 |  |",
        "| STS-B | spearman | 20.0 |  |",
        "| MNLI | accuracy | 30.0 |  |",
    ]


def test_one_cell_of_the_grid_alone(runs, tmp_path):
    (tmp_path / "glue" / "MRPC").mkdir(parents=True)
    (tmp_path / "glue" / "MRPC" / "train.tsv").write_text("Quality\n")
    write_hugging_face(words.checkpoint(), tmp_path / "model")
    arguments = [str(tmp_path / "model"), str(tmp_path / "glue"), "-o", str(tmp_path / "out")]
    assert glue.main([*arguments, "--cell", "32", "1e-4"]) == 0
    (command,) = runs
    assert "--grid" not in command
    assert command[command.index("--batch-size") + 1] == "32"
    assert command[command.index("--learning-rate") + 1] == "1e-4"


def test_the_releases_figures_stand_beside_ours():
    lines = glue.table(dict.fromkeys(glue.TASKS, 0.5), glue.published_of(2, 128)).splitlines()
    assert lines[3] == "| SST-2 | accuracy | 50.0 | 83.2 |"
    published = [float(line.split("|")[4]) for line in lines[2:]]
    assert published == [0.0, 83.2, 71.1, 73.6, 83.4, 70.2, 81.5, 57.2, 62.3]
    assert glue.published_of(6, 384) is None


def test_a_folder_of_something_else_is_one_line(runs, tmp_path, capsys):
    write_hugging_face(words.checkpoint(), tmp_path / "model")
    with pytest.raises(SystemExit) as ended:
        glue.main([str(tmp_path / "model"), str(tmp_path), "-o", str(tmp_path / "out")])
    assert ended.value.code == 2
    assert "has none of CoLA, SST-2" in capsys.readouterr().err
    assert runs == []
