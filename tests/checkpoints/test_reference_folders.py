"""Every reference folder opens, and its weights compute what transformers computed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edgebert.checkpoints.folder import open_folder
from tests.checkpoints.folders import ROOTS, reference_folders
from tests.checkpoints.forward import Bert

PLAIN_BERTS = [
    *reference_folders(),
    *(path for root in ROOTS for path in root.glob("families/tinybert*")),
]


@pytest.mark.parametrize("folder", PLAIN_BERTS, ids=lambda path: path.name)
def test_weights_compute_what_transformers_computed(folder):
    checkpoint = open_folder(folder)
    for case in json.loads((folder / "expected.json").read_text())["cases"]:
        segments = case.get("type_ids", [0] * len(case["ids"]))
        found = Bert(checkpoint, case["ids"], segments).outputs()
        names = case.keys() - {"text", "text_pair", "pair", "ids", "type_ids"}
        assert names
        for name in names:
            np.testing.assert_allclose(found[name], case[name], atol=1e-5, err_msg=name)


@pytest.mark.parametrize("folder", PLAIN_BERTS, ids=lambda path: path.name)
def test_weights_are_contiguous_float32(folder):
    for array in open_folder(folder).weights.values():
        assert array.dtype == np.float32
        assert array.flags.c_contiguous
        assert array.flags.aligned


@pytest.mark.parametrize("root", ROOTS, ids=lambda path: path.name)
def test_the_same_weights_in_two_formats_are_equal(root):
    (google,) = root.glob("tf1_uncased_*")
    (hugging_face,) = root.glob("hf_pretraining_*")
    one, other = open_folder(google), open_folder(hugging_face)
    assert one.weights.keys() == other.weights.keys()
    for name, array in one.weights.items():
        np.testing.assert_array_equal(array, other.weights[name], err_msg=name)
    assert one.vocabulary == other.vocabulary
    assert (one.config.hidden_act, other.config.hidden_act) == ("gelu_tanh", "gelu")
