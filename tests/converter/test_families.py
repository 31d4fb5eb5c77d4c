"""Files of every family answer as transformers does, for every head that its classes have."""

import json
import os

import numpy as np
import pytest

import edgebert
from edgebert.checkpoints.folder import open_folder
from tests.family_folders import CLASSES, LARGER, SMALL, architectures, as_class

CLOSE = 1e-5
# Class: its task, and what of the output corresponds to which expected value.
ROLES = {
    "Model": ("encode", {"cls_hidden": lambda out: out[0, 0]}),
    "ForSequenceClassification": ("classify", {"logits": lambda out: centred(np.log(out[0]))}),
    "ForTokenClassification": ("tag", {"logits": lambda out: out[0]}),
    "ForQuestionAnswering": (
        "answer",
        {"start_logits": lambda out: out[0, :, 0], "end_logits": lambda out: out[0, :, 1]},
    ),
    "ForMaskedLM": (
        "fill-mask",
        {
            "mlm_first": lambda out: out[0, 0, :16],
            "mlm_argmax": lambda out: out[0].argmax(axis=1).astype(np.float32),
        },
    ),
}


def centred(logits):
    return logits - logits.mean(axis=-1, keepdims=True)


def role_of(name):
    return next(role for role in ROLES if name.endswith(role))


def compared(model, cases, views, task):
    """Found and expected values of all texts, by name."""
    for case in cases:
        text, pair = case["text"] if isinstance(case["text"], list) else (case["text"], None)
        encoding = model.tokenizer.encode(text, pair)
        assert encoding.ids == case["ids"]
        output = model.run_ids(case["ids"], case["type_ids"])
        for name, view in views.items():
            expected = np.asarray(case[name], np.float32)
            yield name, view(output), centred(expected) if task == "classify" else expected


@pytest.mark.parametrize("runtime", ["litert", "tflite-runtime"])
@pytest.mark.parametrize(("folder", "name"), CLASSES, ids=lambda x: getattr(x, "name", x))
def test_float32_answers_are_those_of_transformers(folder, name, runtime, tmp_path):
    task, views = ROLES[role_of(name)]
    path = tmp_path / "model.tflite"
    source = as_class(folder, name, tmp_path)
    named = None if open_folder(source).task else task
    edgebert.convert(source, path, quantize="float32", runtime=runtime, task=named)
    with edgebert.load(path) as model:
        assert model.task == task
        for _, found, expected in compared(model, architectures(folder)[name], views, task):
            np.testing.assert_allclose(found, expected, atol=CLOSE, rtol=0)
        assert model.selftest().passed


@pytest.mark.parametrize("quantize", ["int8", "float16"])
@pytest.mark.parametrize(("folder", "name"), CLASSES, ids=lambda x: getattr(x, "name", x))
def test_quantised_answers_are_near(folder, name, quantize, tmp_path):
    task, views = ROLES[role_of(name)]
    path = tmp_path / "model.tflite"
    source = as_class(folder, name, tmp_path)
    named = None if open_folder(source).task else task
    edgebert.convert(source, path, quantize=quantize, task=named)
    found, expected = [], []
    with edgebert.load(path) as model:
        for key, mine, theirs in compared(model, architectures(folder)[name], views, task):
            if key != "mlm_argmax":
                found.append(mine.ravel())
                expected.append(theirs.ravel())
    found, expected = np.concatenate(found), np.concatenate(expected)
    cosine = found @ expected / np.linalg.norm(found) / np.linalg.norm(expected)
    assert cosine > 0.99


@pytest.mark.parametrize("folder", SMALL, ids=lambda folder: folder.name)
def test_sentences_can_be_embedded(folder, tmp_path):
    edgebert.convert(folder, tmp_path / "model.tflite", task="embed")
    with edgebert.load(tmp_path / "model.tflite") as model:
        one, same, other = model("a fox"), model("a fox"), model("It is far away from us.")
    assert np.array_equal(one, same)
    assert np.abs(one - other).max() > 0.01


@pytest.mark.skipif(
    "EDGEBERT_REFERENCE" not in os.environ,
    reason="EDGEBERT_REFERENCE is not set: larger checkpoints are not here",
)
@pytest.mark.parametrize("folder", LARGER, ids=lambda folder: folder.name)
def test_larger_classifiers_too(folder, tmp_path):
    cases = json.loads((folder / "expected.json").read_text())["cases"]
    views = ROLES["ForSequenceClassification"][1]
    for quantize in ("float32", "int8"):
        path = tmp_path / f"{quantize}.tflite"
        edgebert.convert(folder, path, quantize=quantize)
        with edgebert.load(path) as model:
            pairs = [(a, b) for _, a, b in compared(model, cases, views, "classify")]
        if quantize == "float32":
            assert max(np.abs(a - b).max() for a, b in pairs) < CLOSE
        cosines = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in pairs]
        assert np.mean(cosines) > 0.99
        assert all(a.argmax() == b.argmax() for a, b in pairs)
