"""int8-static files of every task: static where many rows are read, as exact as int8."""

import json
from dataclasses import replace

import numpy as np
import pytest

import edgebert
from edgebert.checkpoints.folder import open_folder
from edgebert.converter.convert_checkpoint import convert_checkpoint
from edgebert.converter.options import Options
from edgebert.converter.plan import plan
from edgebert.errors import CheckFailedError, EdgebertError
from tests.conftest import REFERENCE, SOURCES

CLASSIFIER = REFERENCE / SOURCES["classify"]


@pytest.mark.parametrize("task", SOURCES)
def test_every_task_is_as_exact_as_its_limit_asks(task, tmp_path):
    path = tmp_path / "x.tflite"
    report = edgebert.convert(REFERENCE / SOURCES[task], path, quantize="int8-static")
    assert report.check.mean_cosine > 0.999
    assert report.check.lowest_cosine > 0.995
    assert report.check.texts > 40
    assert report.static.layers in (4, 8)
    assert report.static.dynamic == ()
    assert report.delegation.partitions == 1
    assert "int8, one scale a dense layer, from 4" in report.record.quantization.activations
    json.dumps(report.to_json())
    with edgebert.load(path) as model:
        assert not model.selftest().failures


def test_of_a_classifier_what_follows_one_row_stays_dynamic(tmp_path):
    report = edgebert.convert(CLASSIFIER, tmp_path / "x.tflite", quantize="int8-static")
    # Four dense layers of the first of two layers; the last one computes the row of [CLS].
    assert report.static.layers == 4
    assert report.ops["QUANTIZE"] == 4


@pytest.mark.parametrize("task", ["embed", "fill-mask"])
def test_int8_fine_loses_less_than_int8(task, tmp_path):
    """Of a model with neurons that reach much farther than the others, as MiniLM has them."""
    plain = open_folder(REFERENCE / SOURCES[task])
    changed = {}
    for layer in range(2):
        bias, output = (
            f"layers.{layer}.ffn.{part}" for part in ("intermediate.bias", "output.weight")
        )
        changed |= {name: plain.weights[name].copy() for name in (bias, output)}
        changed[bias][3] = 40
        changed[output][:, 3] /= 40
    source = replace(plain, weights={**plain.weights, **changed})
    reports = {}
    for quantize in ("int8", "int8-fine"):
        conversion = plan(Options(quantize=quantize), source)
        path = tmp_path / f"{quantize}.tflite"
        reports[quantize] = convert_checkpoint(source, conversion, path, refuse=False)
    lost = {name: 1 - report.check.mean_cosine for name, report in reports.items()}
    assert lost["int8-fine"] < 0.6 * lost["int8"]
    fine = reports["int8-fine"]
    assert fine.static is None
    assert "QUANTIZE" not in fine.ops
    assert "smoothed on 469 texts" in fine.record.quantization.matrices
    assert fine.record.quantization.tables == "int8, one scale a table"


def test_answers_are_those_of_float32_also_after_other_lengths(tmp_path):
    texts = ["a", "where is my card " * 4, "", "ok", "a " * 30, "no", "one two three"]
    vectors = {}
    for quantize in ("float32", "int8-static"):
        path = tmp_path / f"{quantize}.tflite"
        edgebert.convert(REFERENCE / SOURCES["embed"], path, quantize=quantize)
        with edgebert.load(path) as model:
            vectors[quantize] = np.array([model(text) for text in texts])
    cosines = (vectors["float32"] * vectors["int8-static"]).sum(axis=1)
    assert cosines.min() > 0.999


def test_a_small_budget_leaves_layers_dynamic_and_says_which(tmp_path):
    source, path = REFERENCE / SOURCES["tag"], tmp_path / "x.tflite"
    first = edgebert.convert(source, path, quantize="int8-static").static
    budget = first.loss * 0.9
    report = edgebert.convert(source, path, quantize="int8-static", max_loss=budget, force=True)
    assert report.static.loss <= budget < report.static.all_static
    assert report.static.dynamic
    assert report.ops["QUANTIZE"] == 8 - len(report.static.dynamic)
    assert report.static.dynamic[0][0] in report.record.quantization.activations


def test_a_budget_that_cannot_be_met_keeps_nothing(tmp_path):
    with pytest.raises(CheckFailedError, match="with all dense layers dynamic"):
        edgebert.convert(
            REFERENCE / SOURCES["tag"], tmp_path / "x", quantize="int8-static", max_loss=1e-9
        )
    assert list(tmp_path.iterdir()) == []


def test_calibration_texts_are_the_users(tmp_path):
    texts = tmp_path / "texts.txt"
    texts.write_text("".join(f"Where is card number {at}?\n" for at in range(40)))
    report = edgebert.convert(
        CLASSIFIER, tmp_path / "x.tflite", quantize="int8-static", calibration=texts
    )
    assert report.static.calibration.source == "texts.txt"
    # Those of the file, and the odd ones that each calibration has.
    assert report.static.calibration.texts > 40
    texts.write_text("one\ntwo\n")
    with pytest.raises(EdgebertError, match="2 texts to calibrate with; at least 32"):
        edgebert.convert(CLASSIFIER, tmp_path / "y", quantize="int8-static", calibration=texts)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_loss": 0.0}, "max loss 0: a number above 0 and below 1"),
        ({"max_loss": float("nan")}, "max loss nan: a number above 0 and below 1"),
        ({"runtime": "tflite-runtime"}, "int8-static is for --runtime litert and litert-2.2; "),
        ({"target": "gpu"}, "target: for --quantize .*, not for int8-static"),
        ({"lengths": (32,), "max_length": 64}, "--length gives fixed lengths, --max-length"),
        (
            {"quantize": "int8", "max_loss": 0.1},
            "max loss: for --quantize int8-static and w8-t4-a8-s",
        ),
        (
            {"quantize": "int8", "max_loss": 0.0},
            "max loss: for --quantize int8-static and w8-t4-a8-s",
        ),
    ],
)
def test_what_it_does_not_take_is_one_line(options, message):
    with pytest.raises(EdgebertError, match=message):
        plan(Options(**{"quantize": "int8-static", **options}), open_folder(CLASSIFIER))


def test_families_with_other_layers_are_refused():
    from edgebert.converter.unlike_bert import STATIC
    from tests.bert_weights import FAMILIES, small_config

    for family in ("ALBERT", "MobileBERT"):
        with pytest.raises(EdgebertError, match="int8-static and int8-fine take BERT, DistilBERT"):
            STATIC.require(small_config(**FAMILIES[family]), "x")
    for family in ("BERT", "DistilBERT", "ELECTRA"):
        STATIC.require(small_config(**FAMILIES[family]), "x")
