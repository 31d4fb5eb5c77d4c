"""What is wrong with the input of a training is told in one line, before or while it trains."""

import os
import resource
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from edgebert.checkpoints.writing.hugging_face import write_hugging_face
from edgebert.cli.main import app
from edgebert.train.initialisation import with_task_heads
from edgebert.train.state import read_state
from tests.train import words

FINETUNE = "finetune source --train train.tsv --dev dev.tsv --task classify -o out"
DISTILL = "distill --teacher teacher --student source --transfer texts.txt --dev dev.tsv -o out"
QUICK = "--epochs 1 --batch-size 16"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """All that the commands name, in the folder they run in."""
    monkeypatch.chdir(tmp_path)
    write_hugging_face(words.checkpoint(), tmp_path / "source")
    labels = ("negative", "positive")
    teacher = with_task_heads(words.checkpoint(2), "classify", labels, 1, None)
    write_hugging_face(teacher, tmp_path / "teacher")
    words.write_classify(tmp_path / "train.tsv", count=64, seed=1)
    words.write_classify(tmp_path / "dev.tsv", count=20, seed=2)
    (tmp_path / "texts.txt").write_text("".join(f"{t}\n" for t, _ in words.sentences(64, 3)))
    (tmp_path / "labels.txt").write_text("negative\nneutral\n")
    (tmp_path / "empty.tsv").write_text("text\tlabel\n")
    (tmp_path / "nothing.txt").write_text("\n\n")
    (tmp_path / "single.tsv").write_text("text\tlabel\ngood\tx\nbad\tx\n")
    other = replace(words.checkpoint(), vocabulary=(*words.VOCABULARY[:-1], "##ed"))
    write_hugging_face(other, tmp_path / "other")
    return tmp_path


def run(command):
    return CliRunner().invoke(app, [*command.split(), *QUICK.split()])


WRONG = [
    (f"{FINETUNE} --labels labels.txt", "no label 'positive'; it knows 'negative', 'neutral'"),
    (FINETUNE.replace("train.tsv", "empty.tsv"), "empty.tsv: has no rows to learn from"),
    (FINETUNE.replace("train.tsv", "single.tsv"), "single.tsv: all 2 rows have the same label"),
    (f"{FINETUNE} --label-column colour", "there is no column 'colour'; the columns are 'text', "),
    (FINETUNE.replace("train.tsv", "none.tsv"), "none.tsv"),
    (f"{FINETUNE} --multi-label --balanced", "leave out --balanced or --multi-label"),
    (f"{FINETUNE} --metric f1", "metric 'f1'; accepted: accuracy, macro_f1, matthews"),
    (f"{FINETUNE.replace('--dev dev.tsv', '')} --metric f1", "metric f1: there is nothing to me"),
    (f"{FINETUNE} --strategy many", "strategy 'many'; accepted: auto, mirrored, multi-worker"),
    (f"{DISTILL} --label-column colour", "there is no column 'colour'"),
    (DISTILL.replace("texts.txt", "nothing.txt"), "nothing.txt: has no texts to learn from"),
    (f"{DISTILL} --labels empty.tsv --hard 2", "hard is 2; a number from 0 to 1 is needed"),
    (f"{DISTILL} --labels single.tsv", "has no label 'x'; it knows 'negative', 'positive'"),
    (DISTILL.replace("dev.tsv", "single.tsv"), "single.tsv, line 2: the model has no label 'x'"),
    (DISTILL.replace("dev.tsv", "empty.tsv"), "empty.tsv: has no rows"),
    (f"{DISTILL} --multi-label", "--multi-label is for a file of scores"),
    (
        f"{DISTILL.replace('source', 'other')} --match-hidden 1",
        "have different vocabularies; hidden states and attention can be matched only token for",
    ),
]


@pytest.mark.parametrize(("command", "said"), WRONG, ids=range(len(WRONG)))
def test_wrong_input_is_one_line_and_nothing_is_written(folder, command, said):
    result = run(command)
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    assert said in line
    assert not (folder / "out" / "config.json").exists()
    assert not (folder / "out" / "runs").exists()


def test_a_resume_with_other_options_is_one_line(folder):
    assert run(FINETUNE).exit_code == 0
    result = run(f"{FINETUNE} --resume --warmup 0.5")
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert "cannot resume: settings.warmup was 0.1 and is now 0.5" in line


def test_a_loss_that_is_not_finite_is_one_line_that_names_the_step(folder):
    large = words.checkpoint()
    weights = {name: np.float32(1e25) * array for name, array in large.weights.items()}
    write_hugging_face(replace(large, weights=weights), folder / "source", force=True)
    result = run(FINETUNE)
    assert result.exit_code == 1
    *before, line = result.stderr.splitlines()
    assert all(each.startswith("warning: overflow") for each in before)  # of newer numpy
    assert "step 1: the loss is " in line
    assert "its gradient has the norm nan; stopped" in line
    assert not (folder / "out" / "config.json").exists()


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="no limit on the size of files here")
def test_a_full_disk_is_one_line_and_a_resume_goes_on(folder):
    command = [sys.executable, "-m", "edgebert", *FINETUNE.split(), *QUICK.split()]
    command += ["--save-every", "1"]

    def limit(size):
        def before():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

        return before

    where = {"cwd": folder, "capture_output": True, "text": True, "env": {**os.environ}}
    # Everything but the state fits: weights and the optimiser's two moments of each.
    full = subprocess.run(command, **where, preexec_fn=limit(20_000))
    assert full.returncode == 2, full.stderr
    # TensorFlow itself may have said something before.
    line = full.stderr.splitlines()[-1]
    assert "Traceback" not in full.stderr
    assert "state.safetensors: cannot write: " in line
    assert line.endswith("the run is safe up to its last save: make room and add --resume")
    resumed = subprocess.run([*command, "--resume"], **where)
    assert resumed.returncode == 0, resumed.stderr
    (state,) = folder.glob("out/runs/*/state.safetensors")
    assert read_state(state)[0].step == 4
