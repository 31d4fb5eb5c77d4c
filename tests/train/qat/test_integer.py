"""A network trained with `--qat int8-full`, and the file that its folder becomes."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from ai_edge_litert.interpreter import Interpreter

from edgebert.checkpoints.sources import open_checkpoint
from edgebert.converter.convert import convert
from edgebert.converter.convert_checkpoint import convert_checkpoint
from edgebert.converter.options import Options
from edgebert.converter.plan import plan
from edgebert.errors import EdgebertError
from edgebert.train.backend import tf
from edgebert.train.dropout import Dropout, step_key
from edgebert.train.finetuning.finetune import FineTuningSpec, finetune
from edgebert.train.network import ModelInputs, Network
from edgebert.train.qat.integer import Calibration, IntegerNetwork
from edgebert.train.settings import ResolvedSettings, Settings
from tests.reference_folders import ROOTS
from tests.train import words
from tests.train.qat.agreement import distances

SETTINGS = ResolvedSettings(
    epochs=2, batch_size=32, learning_rate=2e-3, dropout=0.1, qat="int8-full", seed=3
)
LABELS = ("card_arrival", "exchange_rate", "age_limit")
DATA = Path(__file__).parents[2] / "data" / "banking77"


def write(path, source, most):
    """Rows of some labels."""
    left = dict.fromkeys(LABELS, most)
    with source.open(newline="") as rows, path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "category"))
        for text, label in csv.reader(rows):
            if left.get(label, 0):
                left[label] -= 1
                writer.writerow((text, label))
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder that training wrote."""
    folder = tmp_path_factory.mktemp("trained")
    task = FineTuningSpec(
        "classify",
        write(folder / "train.csv", DATA / "train.csv", 64),
        write(folder / "dev.csv", DATA / "test.csv", 8),
        max_length=32,
    )
    with open_checkpoint(str(ROOTS[0] / "hf_classifier_2x32")) as source:
        report = finetune(source, task, folder / "model", [SETTINGS])
    return report.path


def rounded(checkpoint, head):
    """The network as it stood when the folder was written."""
    learned = checkpoint.learned
    start = Calibration(learned.scales, learned.ranges, 2, learned.length, 1, 1)
    assert checkpoint.vocabulary[start.first_id] == "[CLS]"
    return IntegerNetwork(checkpoint, head, start)


def test_the_file_answers_as_the_network_did(trained, tmp_path):
    with open_checkpoint(str(trained)) as checkpoint:
        resolved = plan(Options(quantize="int8-full"), checkpoint)
        convert_checkpoint(checkpoint, resolved, tmp_path / "whole.tflite", refuse=False)
        networks = {
            "rounded": rounded(checkpoint, resolved.head),
            "float": Network(checkpoint.config, checkpoint.weights),
        }
        found = distances(tmp_path / "whole.tflite", resolved.head, networks)
    assert found["rounded"] < 0.6 * found["float"]


def test_ranges_go_into_the_file_as_they_were_learned(trained, tmp_path):
    learned = json.loads((trained / "quantization.json").read_text())
    report = convert(trained, tmp_path / "whole.tflite", quantize="int8-full")
    assert report.record.integer.calibration.source == "quantisation-aware training"
    assert report.record.integer.lengths == (32,)
    interpreter = Interpreter(str(tmp_path / "whole.tflite"))
    scales = {
        each["name"]: each["quantization_parameters"]["scales"]
        for each in interpreter.get_tensor_details()
    }
    for name in ("layers.0.attention.query", "layers.0.ffn.active", "layers.1.ffn"):
        low, high = learned["ranges"][name]
        scale = scales.get(
            f"{name}#2", scales[name]
        )  # a matrix of that name comes before its value
        assert scale[0] == pytest.approx((max(high, 0) - min(low, 0)) / 255, rel=1e-5)


def test_ranges_move_while_it_learns(trained):
    with open_checkpoint(str(trained)) as checkpoint:
        head = plan(Options(quantize="float32"), checkpoint).head
        network = rounded(checkpoint, head)
    before = {name: float(each) for name, each in network.buffers.items()}
    ids = tf.constant([[2, 60, 70, 3]])
    inputs = ModelInputs(ids, tf.ones_like(ids), tf.zeros_like(ids))
    network(inputs)
    assert {name: float(each) for name, each in network.buffers.items()} == before
    network(inputs, Dropout(0.0, step_key(1, 0)))
    moved = [name for name, each in network.buffers.items() if float(each) != before[name]]
    assert len(moved) > len(before) / 2


def test_padding_moves_no_range(trained):
    with open_checkpoint(str(trained)) as checkpoint:
        head = plan(Options(quantize="float32"), checkpoint).head
        networks = [rounded(checkpoint, head) for _ in range(2)]
    for network, padding in zip(networks, (0, 4), strict=True):
        ids = tf.constant([[2, 60, 70, 3] + [0] * padding])
        mask = tf.constant([[1] * 4 + [0] * padding])
        network(ModelInputs(ids, mask, tf.zeros_like(ids)), Dropout(0.0, step_key(1, 0)))
    for name, one in networks[0].buffers.items():
        other = float(networks[1].buffers[name])
        assert float(one) == pytest.approx(other, rel=1e-3, abs=1e-5), name


def test_a_run_without_it_leaves_no_ranges_of_other_weights(trained, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(trained, folder, ignore=shutil.ignore_patterns("runs"))
    task = FineTuningSpec(
        "classify", words.write_classify(tmp_path / "t.tsv", 32), tmp_path / "t.tsv"
    )
    finetune(words.checkpoint(), task, folder, [Settings(epochs=1)], force=True)
    assert not (folder / "quantization.json").exists()
    with open_checkpoint(str(folder)) as checkpoint:
        assert checkpoint.learned is None


class StoppedError(Exception):
    pass


@pytest.mark.parametrize("qat", ["int8", "int8-full"])
def test_a_run_that_was_stopped_ends_with_the_same_weights_and_ranges(qat, tmp_path):
    data = words.write_classify(tmp_path / "train.tsv", 64)
    task = FineTuningSpec("classify", data, data)
    settings = replace(SETTINGS, qat=qat, prune=0.5, batch_size=16, save_every=3)

    def stop(done, total, description):
        if done == 5:
            raise StoppedError

    with pytest.raises(StoppedError):
        finetune(words.checkpoint(), task, tmp_path / "one", [settings], progress=stop)
    finetune(words.checkpoint(), task, tmp_path / "one", [settings], resume=True)
    finetune(words.checkpoint(), task, tmp_path / "two", [settings])
    for name in ("model.safetensors", "quantization.json")[: 2 if qat == "int8-full" else 1]:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    with pytest.raises(EdgebertError, match=r"settings\.qat was 'int8.*' and is now None"):
        finetune(
            words.checkpoint(), task, tmp_path / "one", [replace(settings, qat=None)], resume=True
        )
    with pytest.raises(EdgebertError, match=r"settings\.prune was 0\.5 and is now 0\.25"):
        finetune(
            words.checkpoint(), task, tmp_path / "one", [replace(settings, prune=0.25)], resume=True
        )
