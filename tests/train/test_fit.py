"""`edgebert fit` is killed in each of its steps, and ends with the weights of one that was not."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from edgebert.checkpoints.writing.hugging_face import write_hugging_face
from edgebert.files import sha256_of
from tests.train import words

ROOT = Path(__file__).parents[2]
SHAPE = replace(words.CONFIG, hidden_size=32, intermediate_size=64)
STEPS = (
    "what fits",
    "teacher: edgebert finetune",
    "epoch 2",
    "teacher: converted",
    "student 1/16: edgebert distill",
    "student 1/16: measured on dev",
    "all files measured",
    "scores become chances",
    "measured on test",
)


def start(folder, output):
    command = ["fit", folder / "train.tsv", "-o", output, "--teacher", folder / "teacher"]
    return subprocess.Popen(
        [sys.executable, "-m", "edgebert", *map(str, command)],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    )


def kill_at(folder, output, line):
    """Kills a fit when it tells that line; gives whether it came so far."""
    with start(folder, output) as process:
        for told in process.stderr:
            if told.startswith(line):
                process.send_signal(signal.SIGKILL)
                return True
    return False


def weights(output):
    """Hashes of trained weights and of scores; a .tflite also tells where it was made."""
    found = [*output.rglob("model.safetensors"), *output.rglob("*.f32")]
    return {str(file.relative_to(output)): sha256_of(file) for file in found}


def choice(output):
    chosen = json.loads((output / "fit.json").read_text())["chosen"]
    return chosen["size"]["name"], chosen["value"]


def test_killed_in_each_step_it_ends_with_the_same_weights_and_choice(tmp_path):
    write_hugging_face(words.checkpoint(config=SHAPE), tmp_path / "teacher")
    words.write_classify(tmp_path / "train.tsv", 240)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    with start(tmp_path, whole) as process:
        told = process.stderr.read()
    assert process.returncode == 0, told
    reached = [line for line in STEPS if kill_at(tmp_path, killed, line)]
    assert set(STEPS) - set(reached) <= {"epoch 2"}
    with start(tmp_path, killed) as process:
        told = process.stderr.read()
    assert process.returncode == 0, told
    assert len(weights(whole)) >= 3
    assert weights(killed) == weights(whole)
    assert choice(killed) == choice(whole)
