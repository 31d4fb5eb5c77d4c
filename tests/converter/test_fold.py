"""Each folding step leaves the answers of the plain forward as they are."""

import numpy as np
import pytest

from edgebert.converter import fold, reference
from edgebert.converter.head import Head
from tests.bert_weights import FAMILIES, random_weights, small_config

IDS = [2, 17, 5, 39, 11, 0, 3]
SEGMENTS = [0, 0, 0, 1, 1, 1, 1]
CONFIG = small_config(num_hidden_layers=3)
TASKS = ["classify", "tag", "answer", "fill-mask"]
STEPS = [
    *((fold.fold_segments, family) for family in ("BERT", "ELECTRA", "MobileBERT")),
    *((fold.fold_norm_biases, family) for family in ("BERT", "DistilBERT", "ELECTRA", "ALBERT")),
    *((fold.fold_attention_biases, family) for family in FAMILIES),
]
"""Steps that change weights of a family, and leave the shapes that `reference` needs."""


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(("step", "family"), STEPS)
def test_step_changes_weights_but_no_answer(step, family, task):
    config = small_config(**FAMILIES[family])
    weights = random_weights(config)
    folded = step(weights, config)
    assert any(not np.array_equal(folded[name], weights[name]) for name in weights)
    head = Head(task)
    np.testing.assert_allclose(
        reference.output(folded, config, head, IDS, SEGMENTS),
        reference.output(weights, config, head, IDS, SEGMENTS),
        atol=2e-5,
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_the_mlm_bias_takes_over_that_of_its_norm(family):
    config = small_config(**FAMILIES[family])
    weights = random_weights(config)
    folded = fold.fold_mlm_bias(weights, config)
    assert not folded["mlm.norm.bias"].any()
    found, expected = (
        reference.output(w, config, Head("fill-mask"), IDS, SEGMENTS) for w in (folded, weights)
    )
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_steps_do_not_touch_their_input():
    weights = random_weights(CONFIG)
    before = {name: array.copy() for name, array in weights.items()}
    fold.fold(weights, CONFIG)
    assert weights.keys() == before.keys()
    assert all(np.array_equal(weights[name], before[name]) for name in weights)


def test_norm_biases_are_gone_and_the_last_one_is_kept_apart():
    weights = random_weights(CONFIG)
    folded = fold.fold_norm_biases(weights, CONFIG)
    assert not any(folded[name].any() for name in weights if name.endswith("norm.bias"))
    hidden = reference.forward(folded, CONFIG, IDS, SEGMENTS) + folded["encoder.bias"]
    np.testing.assert_allclose(hidden, reference.forward(weights, CONFIG, IDS, SEGMENTS), atol=1e-5)


def test_query_scale_is_one_over_the_root_of_the_head_size():
    weights = random_weights(CONFIG)
    folded = fold.fold_query_scale(weights, CONFIG)
    for part in ("weight", "bias"):
        name = f"layers.1.attention.query.{part}"
        np.testing.assert_allclose(folded[name] * np.sqrt(8), weights[name], rtol=1e-6)


def test_merged_attention_is_keys_times_queries_and_output_times_values():
    weights = random_weights(CONFIG)
    merged = fold.merge_attention(weights, CONFIG, "layers.0.attention")
    x = np.random.default_rng(1).standard_normal((5, 16)).astype(np.float32)
    get = {part: weights[f"layers.0.attention.{part}.weight"] for part in ("query", "key")}
    query = x[0] @ get["query"].T + weights["layers.0.attention.query.bias"]
    key = x @ get["key"].T
    _, matrix, bias = merged["query_key"]
    for head in range(2):
        of_head = slice(head * 8, head * 8 + 8)
        expected = key[:, of_head] @ query[of_head]
        found = x @ (matrix @ x[0] + bias)[head * 16 : head * 16 + 16]
        np.testing.assert_allclose(found, expected, atol=1e-5)
