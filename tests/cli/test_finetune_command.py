"""`edgebert finetune` on the command line."""

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from edgebert.checkpoints.folder import open_folder
from edgebert.cli.main import app
from tests.train import words

runner = CliRunner()


def arguments(tmp_path, *further):
    from edgebert.checkpoints.writing.hugging_face import write_hugging_face

    if not (tmp_path / "source").exists():
        write_hugging_face(words.checkpoint(), tmp_path / "source")
        words.write_classify(tmp_path / "train.tsv", seed=1)
        words.write_classify(tmp_path / "dev.tsv", seed=2, count=40)
    files = ["--train", str(tmp_path / "train.tsv"), "--dev", str(tmp_path / "dev.tsv")]
    output = ["-o", str(tmp_path / "out")]
    return ["finetune", str(tmp_path / "source"), *files, *output, *further]


def without_tensorflow(tmp_path, *command):
    """The only line that the command says where TensorFlow cannot be imported."""
    (tmp_path / "tensorflow.py").write_text("raise ImportError('No module named tensorflow')")
    result = subprocess.run(
        [sys.executable, "-m", "edgebert", *command],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '.')}"},
    )
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    return line


def test_without_tensorflow_one_line_tells_what_to_install(tmp_path):
    line = without_tensorflow(tmp_path, *arguments(tmp_path, "--task", "classify"))
    assert "pip install 'edgebert[train]'" in line


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("finetune {0}/source --train {0}/none.tsv --task classify", "none.tsv"),
        ("finetune {0}/nowhere --train {0}/dev.tsv --task rank", "accepted: classify, regress"),
        ("finetune {0}/source --train {0}/dev.tsv --dev {0}/x --task classify", "/x"),
        ("finetune {0}/nowhere --train {0}/dev.tsv --task classify", "no such checkpoint"),
        ("finetune {0}/source --train {0}/dev.tsv --task classify --epochs 0", "epochs is 0"),
        ("finetune {0}/source --train {0}/dev.tsv --task tag --label-column x", "dev.tsv"),
        ("distill --teacher {0}/nowhere --student 2/128 --labels {0}/dev.tsv", "no such"),
        ("distill --teacher {0}/source --student 2/128 --labels {0}/none.tsv", "none.tsv"),
        ("distill --teacher {0}/source --student 2/128 --transfer {0}/none.txt", "none.txt"),
        ("distill --teacher {0}/source --student 2/128", "no texts to learn from"),
        ("pretrain {0}/none.txt --size 1/16 --train-vocab 100", "none.txt"),
        ("pretrain {0}/dev.tsv --size 1/16 --train-vocab 100 --dropout 2", "dropout is 2"),
        (
            "pretrain {0}/dev.tsv --size 1/16 --train-vocab 100 --vocabulary-from {0}/dev.tsv",
            "choose from the word pieces of --init",
        ),
    ],
)
def test_wrong_input_is_told_before_tensorflow_is_imported(tmp_path, command, said):
    arguments(tmp_path)
    given = [*command.format(tmp_path).split(), "-o", str(tmp_path / "out")]
    line = without_tensorflow(tmp_path, *given)
    assert said in line
    assert "TensorFlow" not in line


def test_notices_of_tensorflow_are_not_seen(tmp_path):
    pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")
    unset = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    code = "from edgebert.train.backend import tf; print(int(tf.constant(1) + 1))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=unset, check=True
    )
    assert (result.stdout, result.stderr) == ("2\n", "")


def test_wrong_settings_are_one_line(tmp_path):
    pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")
    result = runner.invoke(app, arguments(tmp_path, "--task", "classify", "--epochs", "0"))
    assert result.exit_code == 2
    assert "epochs is 0; a whole number from 1" in result.stderr
    result = runner.invoke(app, arguments(tmp_path, "--task", "poetry"))
    assert result.exit_code == 2
    assert "accepted: classify, regress, tag, answer, embed" in result.stderr


def test_it_trains_reports_resumes_and_its_folder_converts(tmp_path):
    pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")
    settings = "--task classify --epochs 3 --batch-size 16 --learning-rate 1e-2 --dropout 0"
    command = arguments(tmp_path, *settings.split())
    result = runner.invoke(app, [*command, "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["metrics"]["accuracy"] > 0.9
    assert result.stderr.count("texts a second") == 3
    again = runner.invoke(app, [*command, "--resume"])
    assert again.exit_code == 0
    assert f"accuracy {report['metrics']['accuracy']:.4f}" in again.stdout
    refused = runner.invoke(app, command)
    assert refused.exit_code == 2
    assert "holds a model already" in refused.stderr
    out = str(tmp_path / "out")
    assert runner.invoke(app, ["convert", out, "-o", f"{out}.tflite"]).exit_code == 0


def test_it_learns_with_the_word_pieces_of_some_texts_alone(tmp_path):
    pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")
    more = ["--task", "classify", "--epochs", "1", "--vocabulary-from", str(tmp_path / "train.tsv")]
    result = runner.invoke(app, arguments(tmp_path, *more))
    assert "cut as before: 100.0%" in result.stderr
    source, out = (open_folder(tmp_path / name) for name in ("source", "out"))
    assert len(out.vocabulary) < len(source.vocabulary)
    assert {*out.vocabulary} <= {*source.vocabulary}


def test_a_model_at_chance_is_kept_and_ends_with_status_1(tmp_path):
    pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")
    usual = ["--task", "classify", "--epochs", "1", "--learning-rate", "0"]
    result = runner.invoke(app, arguments(tmp_path, *usual))
    assert result.exit_code == 1
    assert "✓" not in result.stdout
    line = result.stderr.splitlines()[-1]
    assert "on the dev data no better than chance (accuracy " in line
    assert "the model is kept" in line
    assert (tmp_path / "out" / "config.json").exists()
    assert "defaults for 1/16, 480 examples, 2 labels: --batch-size " in result.stderr
