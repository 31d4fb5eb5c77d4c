"""The conversion keeps a file that passed its check, and nothing else."""

import errno
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

import edgebert
from edgebert.bert.weights import LAYER
from edgebert.checkpoints.folder import open_folder
from edgebert.converter import (
    check,
    convert,
    convert_checkpoint,
    float_graph,
    reference,
    write_file,
)
from edgebert.converter.head import Head
from edgebert.converter.options import Options
from edgebert.converter.plan import plan
from edgebert.errors import CheckFailedError, EdgebertError
from tests.conftest import REFERENCE, SOURCES

CLASSIFIER = REFERENCE / SOURCES["classify"]


def left_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_report_tells_what_was_made(tmp_path):
    report = edgebert.convert(CLASSIFIER, tmp_path / "x.tflite")
    assert report.bytes == (tmp_path / "x.tflite").stat().st_size
    assert report.check.mean_cosine > 0.99
    assert report.check.agreement > 0.9
    assert report.check.tokens[0] < 40 < report.check.tokens[1] <= 128
    assert report.delegation.share > 0.8
    assert report.ops["FULLY_CONNECTED"] > 5
    assert report.seconds.keys() == {"read", "tokenizers", "build", "check", "write"}
    checkpoint = open_folder(CLASSIFIER)
    assert report.float32_bytes == sum(weight.nbytes for weight in checkpoint.weights.values())
    json.dumps(report.to_json())
    assert left_in(tmp_path) == ["x.tflite"]


def test_the_same_checkpoint_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        edgebert.convert(CLASSIFIER, tmp_path / name)
    first, second = ((tmp_path / name).read_bytes() for name in ("a", "b"))
    assert first == second


def test_default_output_is_named_after_source_task_and_recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(CLASSIFIER, tmp_path / "my model")
    assert edgebert.convert("my model").path.name == "my-model-classify-int8.tflite"
    conversion = plan(Options(), open_folder(CLASSIFIER))
    for source, expected in (
        ("2/128", "2-128"),
        ("google/bert_uncased_L-2_H-128_A-2", "bert_uncased_L-2_H-128_A-2"),
        ("../some/model.tar.gz", "model"),
        ("tiny", "tiny"),
        ("/", "model"),
    ):
        assert convert.default_output(source, conversion).name == f"{expected}-classify-int8.tflite"


def test_an_existing_file_is_kept_unless_forced(tmp_path):
    path = tmp_path / "x.tflite"
    path.write_text("precious")
    with pytest.raises(EdgebertError, match="--force"):
        edgebert.convert(CLASSIFIER, path)
    assert path.read_text() == "precious"
    edgebert.convert(CLASSIFIER, path, force=True)
    assert edgebert.load(path).task == "classify"


def test_a_model_that_answers_differently_is_refused_and_not_kept(tmp_path, monkeypatch):
    honest = reference.output

    def other(*arguments):
        return honest(*arguments)[..., ::-1]

    monkeypatch.setattr(check.reference, "output", other)
    with pytest.raises(CheckFailedError, match="mean cosine"):
        edgebert.convert(REFERENCE / SOURCES["embed"], tmp_path / "x.tflite")
    assert left_in(tmp_path) == []


def test_a_float32_file_is_held_to_the_largest_difference(tmp_path, monkeypatch):
    honest = reference.output
    monkeypatch.setattr(check.reference, "output", lambda *a: honest(*a) + np.float32(2e-4))
    with pytest.raises(CheckFailedError, match="largest difference"):
        edgebert.convert(CLASSIFIER, tmp_path / "x.tflite", quantize="float32")
    assert left_in(tmp_path) == []


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()]
)
def test_a_full_disk_or_ctrl_c_leaves_nothing(tmp_path, monkeypatch, error):
    path = tmp_path / "x.tflite"
    path.write_text("precious")

    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr(write_file, "archive_bytes", fail)
    with pytest.raises((EdgebertError, KeyboardInterrupt)) as caught:
        edgebert.convert(CLASSIFIER, path, force=True)
    if isinstance(error, OSError):
        assert "No space left" in str(caught.value)
    assert left_in(tmp_path) == ["x.tflite"]
    assert path.read_text() == "precious"


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(EdgebertError, match="cannot write here"):
        edgebert.convert(CLASSIFIER, tmp_path / "none" / "x.tflite")
    with pytest.raises(EdgebertError, match="is a folder"):
        edgebert.convert(CLASSIFIER, tmp_path)


@pytest.mark.parametrize("name", SOURCES)
def test_a_hidden_mistake_in_one_matrix_is_found(name, tmp_path, monkeypatch):
    """What the check is for: wrong numbers anywhere in the file."""
    original = float_graph.build_graph

    def mistaken(config, weights, head, storage, matrices):
        wrong = "layers.0.ffn.output.weight"
        return original(config, {**weights, wrong: -weights[wrong]}, head, storage, matrices)

    assert "ffn.output.weight" in LAYER
    monkeypatch.setattr(float_graph, "build_graph", mistaken)
    with pytest.raises(CheckFailedError):
        edgebert.convert(REFERENCE / SOURCES[name], tmp_path / "x.tflite", quantize="float32")


def test_a_regressor_gives_a_float(tmp_path):
    original = open_folder(CLASSIFIER)
    weights = {**original.weights}
    for part in ("weight", "bias"):
        weights[f"classifier.{part}"] = weights[f"classifier.{part}"][:1]
    checkpoint = replace(original, weights=weights, labels=None, task="regress")
    path = tmp_path / "regress.tflite"
    conversion = plan(Options(quantize="float32"), checkpoint)
    assert convert_checkpoint.convert_checkpoint(checkpoint, conversion, path).check.agreement == 1
    with edgebert.load(path) as model:
        found = model("Where is my card?")
        ids = model.tokenizer.encode("Where is my card?").ids
    assert type(found) is float
    expected = reference.output(weights, checkpoint.config, Head("regress"), ids)
    assert found == pytest.approx(float(expected[0, 0]), abs=1e-5)


def test_regressors_agree_where_they_put_two_texts_in_the_same_order():
    expected, found = ([np.array([[n]]) for n in numbers] for numbers in ((1, 2, 3), (1, 3, 2)))
    assert check._agreement(Head("regress"), expected, found) == pytest.approx(2 / 3)


def test_a_file_for_litert_2_2_differs_only_in_what_it_allows(tmp_path):
    allowed, plain = tmp_path / "allowed.tflite", tmp_path / "plain.tflite"
    edgebert.convert(CLASSIFIER, allowed, runtime="litert-2.2")
    edgebert.convert(CLASSIFIER, plain)
    metadata = {}
    for path in (allowed, plain):
        model = schema.ModelT.InitFromPackedBuf(path.read_bytes())
        metadata[path] = {e.name: bytes(model.buffers[e.buffer].data) for e in model.metadata}
    assert metadata[allowed].pop(b"reduced_precision_support") == b"fp16accfp16"
    assert metadata[allowed] == metadata[plain]
    with edgebert.load(allowed) as model, edgebert.load(plain) as other:
        assert model.record.self_test == other.record.self_test
        assert "LiteRT 2.2 or later" in model.record.quantization.activations
        assert "float16" not in other.record.quantization.activations
