"""A float32 file gives what transformers or sentence-transformers computed from the checkpoint."""

import os
from pathlib import Path

import numpy as np
import pytest

import edgebert
from edgebert.checkpoints.folder import open_folder
from tests.reference_folders import FOLDERS, cases

CLOSE = 1e-5


def softmax(x):
    grown = np.exp(x - x.max())
    return grown / grown.sum()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# Task: what of the output corresponds to which expected value.
VIEWS = {
    "encode": {"cls_hidden": lambda out: out[0, 0]},
    "fill-mask": {
        "mlm_argmax": lambda out: out[0].argmax(axis=1).astype(np.float32),
        "mlm_first": lambda out: out[0, 0, :16],
    },
    "classify": {"probabilities": lambda out: out[0]},
    "regress": {"logits": lambda out: out[0]},
    "tag": {"logits": lambda out: out[0]},
    "answer": {
        "start_logits": lambda out: out[0, :, 0],
        "end_logits": lambda out: out[0, :, 1],
    },
    "embed": {"embedding": lambda out: out[0]},
}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_float32_file_gives_expected_answers(folder, tmp_path):
    checkpoint = open_folder(folder)
    compared = 0
    for task in checkpoint.tasks:
        if task == "regress" and len(checkpoint.weights["classifier.weight"]) > 1:
            continue
        if task == "classify" and checkpoint.task == "regress":
            continue
        path = tmp_path / f"{task}.tflite"
        edgebert.convert(folder, path, task=task, quantize="float32")
        with edgebert.load(path) as model:
            for text, pair, ids, expected in cases(folder):
                if task == "classify":
                    probabilities = sigmoid if checkpoint.multi_label else softmax
                    expected["probabilities"] = probabilities(expected["logits"])
                encoding = model.tokenizer.encode(text, pair)
                assert encoding.ids == ids
                output = model.run_ids(encoding.ids, encoding.segment_ids)
                for name, view in VIEWS[task].items():
                    if name in expected:
                        np.testing.assert_allclose(view(output), expected[name], atol=CLOSE, rtol=0)
                        compared += 1
    assert compared


# Task: the scores [choices to be made, things to choose from] of its output.
CHOICES = {
    "classify": lambda out: out,
    "tag": lambda out: out[0],
    "answer": lambda out: out[0].T,
    "fill-mask": lambda out: out[0],
}
TIE = 0.15
"""Scores of random weights lie close together. Two are as good as equal where they differ by less
than this share of the deviation among the scores."""


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_int8_file_gives_the_answers_of_float32(folder, tmp_path):
    checkpoint = open_folder(folder)
    for task in CHOICES.keys() & set(checkpoint.tasks):
        if task == "classify" and checkpoint.task == "regress":
            continue
        models = []
        for recipe in ("float32", "int8"):
            path = tmp_path / f"{task}-{recipe}.tflite"
            edgebert.convert(folder, path, task=task, quantize=recipe)
            models.append(edgebert.load(path))
        same = []
        for text, pair, _, _ in cases(folder):
            ids, segment_ids, _ = models[0].tokenizer.encode(text, pair)
            exact, rounded = (CHOICES[task](model.run_ids(ids, segment_ids)) for model in models)
            chosen = rounded.argmax(axis=1)[:, None]
            regret = exact.max(axis=1) - np.take_along_axis(exact, chosen, axis=1)[:, 0]
            assert (regret <= TIE * exact.std(axis=1)).all(), (task, text)
            same += (regret == 0).tolist()
        assert np.mean(same) > 0.85


@pytest.mark.skipif(
    "EDGEBERT_REFERENCE" not in os.environ,
    reason="EDGEBERT_REFERENCE is not set: sentence-transformers' own embeddings are not here",
)
def test_minilm_embeds_as_sentence_transformers_does(tmp_path):
    import json

    folder = Path(os.environ["EDGEBERT_REFERENCE"]) / "all_minilm_l6_v2"
    texts = json.loads((folder / "texts.json").read_text())
    expected = np.load(folder / "expected_embeddings.npy")
    edgebert.convert("all-minilm-l6-v2", tmp_path / "minilm.tflite", quantize="float32")
    with edgebert.load(tmp_path / "minilm.tflite") as model:
        found = np.stack([model(text) for text in texts])
    assert np.abs(found - expected).max() < CLOSE
