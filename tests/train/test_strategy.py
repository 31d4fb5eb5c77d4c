"""Several workers and several devices train as one does."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from edgebert.errors import EdgebertError
from edgebert.train.backend import tf
from edgebert.train.state import read_state
from edgebert.train.strategy import distributed
from tests.train import tiny, workers

SETTINGS = {"accumulate": 1, "dropout": 0.1, "epochs": 2}
MODULE = "tests.train.tiny_devices"


def losses(folder):
    lines = [json.loads(line) for line in (Path(folder) / "metrics.jsonl").open()]
    return {line["step"]: line["loss"] for line in lines if "loss" in line}


def state(folder):
    return read_state(Path(folder) / "state.safetensors")


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """One device that runs batches in two parts: what two devices do, dropout included."""
    folder = tmp_path_factory.mktemp("alone")
    tiny.run(folder, replace(tiny.SETTINGS, **{**SETTINGS, "accumulate": 2}))
    return folder


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workers")
    command = (MODULE, folder, json.dumps(SETTINGS))
    workers.run(command, (MODULE, folder / "other", json.dumps(SETTINGS)))
    return folder


def assert_same_run(one, other, steps=16):
    found, expected = losses(one), losses(other)
    assert found.keys() == expected.keys()
    assert [*found.values()] == pytest.approx([*expected.values()], rel=1e-4)
    (saved, tensors), (expected_state, expected_tensors) = state(one), state(other)
    assert saved.step == expected_state.step == steps
    for name, array in expected_tensors.items():
        if name.startswith("weights/"):
            np.testing.assert_allclose(tensors[name], array, atol=2e-4, rtol=0)


def test_two_workers_train_as_one_does(two_workers, alone):
    assert_same_run(two_workers, alone)


def test_only_the_chief_writes(two_workers):
    assert not (two_workers / "other").exists()


def test_two_devices_of_one_machine_train_as_one_does(alone, tmp_path):
    command = [sys.executable, "-m", MODULE, tmp_path, json.dumps(SETTINGS), "--mirrored"]
    subprocess.run(command, check=True, cwd=workers.ROOT)
    assert_same_run(tmp_path, alone)


def test_a_device_without_a_part_of_the_last_batch_adds_nothing(tmp_path):
    settings = {**SETTINGS, "batch_size": 59}  # of 60 examples: the second batch has one
    tiny.run(tmp_path / "one", replace(tiny.SETTINGS, **{**settings, "accumulate": 2}))
    command = [sys.executable, "-m", MODULE, tmp_path / "two", json.dumps(settings), "--mirrored"]
    subprocess.run(command, check=True, cwd=workers.ROOT)
    assert_same_run(tmp_path / "two", tmp_path / "one", steps=4)


def test_a_killed_worker_ends_all_and_a_resume_goes_on_bit_for_bit(two_workers, tmp_path):
    # An epoch more than is needed, lest the run ends before the signal comes.
    command = (MODULE, tmp_path, json.dumps(SETTINGS))
    processes = workers.start(command, command)
    metrics = tmp_path / "metrics.jsonl"
    while not metrics.exists() or metrics.read_bytes().count(b"\n") < 7:
        assert processes[0].poll() is None
        time.sleep(0.002)
    os.kill(processes[1].pid, signal.SIGKILL)
    (_, said), _ = workers.finish(processes)
    assert processes[0].returncode == 1
    assert "worker 0 of 2: lost another one" in said.splitlines()[-1]
    assert 0 < state(tmp_path)[0].step < 16
    workers.run((*command, "--resume"), (*command, "--resume"))
    assert losses(tmp_path) == losses(two_workers)
    (saved, tensors), (expected_state, expected) = state(tmp_path), state(two_workers)
    assert saved == expected_state
    assert all(np.array_equal(tensors[name], expected[name]) for name in expected)


def test_workers_that_were_not_given_the_same_are_refused(tmp_path):
    other = json.dumps({**SETTINGS, "learning_rate": 0.5})
    processes = workers.start((MODULE, tmp_path, json.dumps(SETTINGS)), (MODULE, tmp_path, other))
    for process, (_, said) in zip(processes, workers.finish(processes), strict=True):
        assert process.returncode == 1
        last = said.splitlines()[-1]
        assert last.startswith("worker 1 was given other options, data or weights than worker 0")
    assert not (tmp_path / "config.json").exists()


@pytest.mark.parametrize(
    ("name", "config", "message"),
    [
        ("many", "", "strategy 'many'; accepted: auto, mirrored, multi-worker"),
        ("multi-worker", "", "the variable TF_CONFIG must name all workers"),
        ("auto", "{", "TF_CONFIG: not JSON"),
    ],
)
def test_what_cannot_be_is_one_line(monkeypatch, name, config, message):
    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(EdgebertError, match=message) as caught, distributed(name):
        pass
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["auto", "mirrored"])
def test_a_device_without_enough_memory_is_one_line(name):
    with pytest.raises(EdgebertError, match=r"not enough memory: .*--accum"), distributed(name):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating\na tensor")


def test_mirrored_is_for_one_machine(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", workers._config(["a:1", "b:2"], 0))
    with pytest.raises(EdgebertError, match="names 2 workers"), distributed("mirrored"):
        pass
