"""A run learns, stops where it must, and resumes as if it had never been stopped."""

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

from edgebert.converter.head import Head
from edgebert.errors import CheckFailedError, EdgebertError
from edgebert.train.backend import tf
from edgebert.train.evaluation import DevResult
from edgebert.train.losses import TaskObjective, cross_entropy
from edgebert.train.network import ModelInputs, Network
from edgebert.train.run_folder import RunFolder
from edgebert.train.state import read_state, write_state
from tests.train import tiny

ROOT = Path(__file__).parents[2]


def state(folder):
    return read_state(Path(folder) / "state.safetensors")


def same(one, other):
    assert one.keys() == other.keys()
    return all(np.array_equal(one[name], other[name]) for name in one)


def losses(folder):
    lines = [json.loads(line) for line in (Path(folder) / "metrics.jsonl").open()]
    return [(line["step"], line["loss"]) for line in lines if "loss" in line]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An uninterrupted run, in a process of its own as the interrupted one will be."""
    folder = tmp_path_factory.mktemp("whole")
    subprocess.run([sys.executable, "-m", "tests.train.tiny", folder], check=True, cwd=ROOT)
    return folder


def test_killed_run_ends_with_the_same_weights_bit_for_bit(whole, tmp_path):
    process = subprocess.Popen([sys.executable, "-m", "tests.train.tiny", tmp_path], cwd=ROOT)
    metrics = tmp_path / "metrics.jsonl"
    while not metrics.exists() or metrics.read_bytes().count(b"\n") < 13:
        assert process.poll() is None
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    saved, _ = state(tmp_path)
    assert 0 < saved.step < state(whole)[0].step
    command = [sys.executable, "-m", "tests.train.tiny", tmp_path, "--resume"]
    subprocess.run(command, check=True, cwd=ROOT)
    assert state(tmp_path)[0] == state(whole)[0]
    assert same(state(tmp_path)[1], state(whole)[1])
    assert losses(tmp_path) == losses(whole)


def test_stopped_at_any_step_it_resumes_bit_for_bit(whole, tmp_path):
    class StoppedError(Exception):
        pass

    def stop_at(step):
        def progress(done, total, description):
            if done == step:
                raise StoppedError

        return progress

    for number, step in enumerate((1, 6, 8, 15, 24)):
        with pytest.raises(StoppedError):
            tiny.run(tmp_path, resume=number > 0, progress=stop_at(step))
    tiny.run(tmp_path, resume=True)
    assert same(state(tmp_path)[1], state(whole)[1])
    assert losses(tmp_path) == losses(whole)


def test_a_finished_run_gives_its_weights_again(whole):
    outcome = tiny.run(whole, resume=True)
    assert outcome.texts_per_second is None
    assert same(dict(outcome.weights), RunFolder(whole, config_of(whole), resume=True).best())


def config_of(folder):
    return json.loads((Path(folder) / "config.json").read_text())


def test_it_learns(tmp_path):
    settings = replace(tiny.SETTINGS, epochs=25, learning_rate=1e-2, accumulate=1, dropout=0.0)
    outcome = tiny.run(tmp_path, settings, evaluate=None)
    network = Network(tiny.CONFIG, outcome.weights)
    right = 0
    for example in tiny.examples():
        ids = tf.constant([example.inputs[0].ids])
        inputs = ModelInputs(ids, tf.ones_like(ids), tf.zeros_like(ids))
        logits = network.head(Head("classify"), network(inputs)).numpy()
        right += logits.argmax() == example.target
    assert right >= 55


def test_parts_of_a_batch_give_the_gradient_of_the_whole(tmp_path):
    found = []
    for accumulate in (1, 3):
        settings = replace(tiny.SETTINGS, epochs=1, accumulate=accumulate, dropout=0.0)
        outcome = tiny.run(tmp_path / str(accumulate), settings, evaluate=None)
        found.append(outcome.weights)
    for name in found[0]:
        np.testing.assert_allclose(found[0][name], found[1][name], atol=2e-4, rtol=0)
    assert losses(tmp_path / "1")[0][1] == pytest.approx(losses(tmp_path / "3")[0][1], abs=1e-6)


def test_changed_settings_are_refused(whole):
    with pytest.raises(EdgebertError, match=r"settings.learning_rate was 0.003 and is now 0.5"):
        tiny.run(whole, replace(tiny.SETTINGS, learning_rate=0.5), resume=True)
    with pytest.raises(EdgebertError, match="a run is here already; add --resume"):
        tiny.run(whole)


@pytest.mark.parametrize("change", ["missing", "shape"])
def test_a_save_of_another_run_is_refused(tmp_path, change):
    settings = replace(tiny.SETTINGS, epochs=1)
    tiny.run(tmp_path, settings)
    saved, tensors = state(tmp_path)
    name = "second/classifier.bias"
    tensors = {**tensors, name: np.zeros(7, np.float32)}
    if change == "missing":
        del tensors[name]
    write_state(tmp_path / "state.safetensors", saved, tensors)
    with pytest.raises(EdgebertError, match="its save is not one of this run"):
        tiny.run(tmp_path, settings, resume=True)


def test_a_save_of_an_earlier_version_may_have_more_variables(tmp_path):
    settings = replace(tiny.SETTINGS, epochs=1)
    tiny.run(tmp_path, settings)
    saved, tensors = state(tmp_path)
    more = {**tensors, "weights/attention.0": np.ones((2, 3), np.float32)}
    write_state(tmp_path / "state.safetensors", saved, more)
    assert tiny.run(tmp_path, settings, resume=True).state == saved


class Poisoned:
    """An objective whose loss is NaN in one step."""

    def __init__(self, step):
        self.parameters = {}
        self.loss = TaskObjective(Head("classify"), cross_entropy)
        self.left = tf.Variable(step, dtype=tf.int32)

    def __call__(self, network, batch, dropout):
        poison = tf.where(self.left.assign_sub(1) < 0, np.nan, 0.0)
        return self.loss(network, batch, dropout) + poison


def test_nan_stops_the_run_and_keeps_the_last_save(tmp_path):
    settings = replace(tiny.SETTINGS, accumulate=1)
    with pytest.raises(CheckFailedError, match=r"step 7: the loss is nan") as caught:
        tiny.run(tmp_path, settings, objective=Poisoned(6))
    assert "\n" not in str(caught.value)
    saved, tensors = state(tmp_path)
    assert saved.step == 5
    assert all(np.isfinite(value).all() for value in tensors.values())
    outcome = tiny.run(tmp_path, settings, resume=True)
    assert outcome.state.step == outcome.steps


def test_full_disk_keeps_the_last_save(tmp_path, monkeypatch):
    from safetensors import numpy as library

    save, calls = library.save_file, []

    def full(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        save(*arguments)

    monkeypatch.setattr("safetensors.numpy.save_file", full)
    with pytest.raises(EdgebertError, match=r"No space left on device.*--resume") as caught:
        tiny.run(tmp_path, evaluate=None)
    assert "\n" not in str(caught.value)
    assert state(tmp_path)[0].step == 5
    assert tiny.run(tmp_path, evaluate=None, resume=True).state.step == 24


def test_it_ends_when_the_figure_no_longer_rises_and_gives_the_best_weights(tmp_path):
    figures = iter([0.5, 0.7, 0.6, 0.6, 0.9])
    settings = replace(tiny.SETTINGS, epochs=5, patience=2)
    seen = []

    def falling(weights):
        seen.append(weights["classifier.bias"].copy())
        return DevResult({"accuracy": 0.0}, next(figures))

    outcome = tiny.run(tmp_path, settings, evaluate=falling)
    assert (outcome.state.best, outcome.state.step) == (0.7, 4 * 8)
    assert np.array_equal(outcome.weights["classifier.bias"], seen[1])


def test_lines_tell_figures_speed_and_time_left(tmp_path):
    lines = []
    tiny.run(tmp_path, notify=lines.append)
    assert len(lines) == 3
    assert lines[0].startswith("epoch 1 of 3, dev figure ")
    assert "texts a second" in lines[0]
    assert lines[-1].endswith(" 0 s left")


def test_tensorboard_gets_what_the_metrics_get(whole):
    found = {}
    for file in (whole / "tensorboard").iterdir():
        for event in tf.compat.v1.train.summary_iterator(str(file)):
            for value in event.summary.value:
                number = float(tf.make_ndarray(value.tensor))
                found[event.step, value.tag] = number
                assert value.metadata.plugin_data.plugin_name == "scalars"
    for step, loss in losses(whole):
        assert found[step, "loss"] == pytest.approx(loss, rel=1e-6)


def test_a_file_in_the_way_of_the_boards_folder_is_one_line(tmp_path):
    (tmp_path / "tensorboard").write_text("")
    with pytest.raises(EdgebertError, match="tensorboard: cannot write: ") as caught:
        tiny.run(tmp_path)
    assert "\n" not in str(caught.value)


def test_sessions_tell_what_ran(whole):
    (first, *_) = (whole / "sessions.jsonl").read_text().splitlines()
    session = json.loads(first)
    assert session["tensorflow"] == tf.__version__
    assert session["git_revision"]


def test_bfloat16_learns_too(tmp_path):
    settings = replace(tiny.SETTINGS, epochs=12, precision="bfloat16", accumulate=1, dropout=0.0)
    tiny.run(tmp_path, settings, evaluate=None)
    found = [loss for _, loss in losses(tmp_path)]
    assert np.mean(found[-8:]) < 0.5 * np.mean(found[:8])


class OfWords:
    """An objective that reads the word table alone."""

    def __init__(self):
        self.parameters = {}

    def __call__(self, network, batch, dropout):
        words = tf.gather(network.parameters["embeddings.word"], batch["ids"])
        return tf.reduce_mean(tf.square(words - 1.0))


def test_weights_that_the_loss_does_not_read_stay(tmp_path):
    outcome = tiny.run(tmp_path, objective=OfWords(), evaluate=None, count=10)
    before = tiny.weights()
    changed = {n for n in before if not np.array_equal(before[n], outcome.weights[n])}
    assert changed == {"embeddings.word"}
