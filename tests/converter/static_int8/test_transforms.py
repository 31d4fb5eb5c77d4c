"""Rewriting weights for static int8 leaves the answers, and brings channels into one range."""

import numpy as np
import pytest

from edgebert.converter.bert_graph import write_graph
from edgebert.converter.builder import Builder
from edgebert.converter.fold import fold
from edgebert.converter.graph import Graph
from edgebert.converter.head import Head
from edgebert.converter.run_graph import outputs
from edgebert.converter.static_int8.observe import observe
from edgebert.converter.static_int8.storage import StaticStorage
from edgebert.converter.static_int8.transforms import (
    OUTLIERS,
    equalize_attention,
    split_outliers,
)
from edgebert.converter.weight_storage import FLOAT32
from edgebert.progress import silent
from edgebert.tokenizer.tokenizer import Encoding
from tests.bert_weights import FAMILIES, random_weights, small_config

TEXTS = [
    Encoding(list(ids), [0] * len(ids), False)
    for ids in ([2, 17, 5, 39, 11, 0, 3], [1, 2], range(20), [7] * 9)
]


def observed(weights, config, head):
    return observe(weights, config, head, TEXTS, silent)


def answers(weights, config, head):
    """In float32, of each text."""
    graph = Graph()
    write_graph(Builder(config, weights, FLOAT32, graph), head)
    return outputs(graph, head.task, TEXTS)


def plain(family="BERT", **changes):
    shape = {"hidden_size": 24, "intermediate_size": 40, **FAMILIES[family], **changes}
    config = small_config(**shape)
    return config, fold(random_weights(config), config)


@pytest.mark.parametrize("family", ["BERT", "DistilBERT", "ELECTRA"])
@pytest.mark.parametrize("task", ["embed", "encode", "tag", "classify"])
def test_attention_answers_as_before_with_all_channels_in_one_range(family, task):
    # Twelve heads: fewer and the last layer of a classifier has no keys and values.
    config, weights = plain(family, num_attention_heads=12)
    head = Head(task)
    before = observed(weights, config, head)
    changed = equalize_attention(weights, before, config)
    for old, new in zip(
        answers(weights, config, head), answers(changed, config, head), strict=True
    ):
        np.testing.assert_allclose(new, old, atol=2e-5)
    reach = observed(changed, config, head)["layers.0.attention.query_key_value"].reach
    query, key, value = reach.reshape(3, -1)
    np.testing.assert_allclose(query, key, rtol=1e-3)
    np.testing.assert_allclose(value, value.max(), rtol=1e-3)
    np.testing.assert_allclose(value.max(), np.maximum(query, key).max(), rtol=1e-3)


def with_outlier(config, weights, neuron=3):
    """One neuron of the first layer that reaches ten times as far."""
    name = "layers.0.ffn.intermediate.bias"
    bias = weights[name].copy()
    bias[neuron] = 30.0
    return {**weights, name: bias}


def test_a_neuron_that_stands_out_is_kept_apart_and_answers_stay():
    config, weights = plain()
    weights, head = with_outlier(config, weights), Head("encode")
    seen = observed(weights, config, head)
    changed = split_outliers(weights, seen, config)
    apart = changed["layers.0.ffn.outliers.intermediate.bias"]
    assert len(apart) == OUTLIERS
    assert apart.max() == 30.0
    assert len(changed["layers.0.ffn.intermediate.bias"]) == config.intermediate_size - OUTLIERS
    for old, new in zip(
        answers(weights, config, head), answers(changed, config, head), strict=True
    ):
        np.testing.assert_allclose(new, old, atol=2e-4)
    after = observed(changed, config, head)["layers.0.ffn.output"]
    assert after.reads[1].max() < 0.5 * seen["layers.0.ffn.output"].reads[1].max()


def test_where_no_neuron_stands_out_nothing_changes():
    config, weights = plain()
    name = "intermediate.bias"
    even = {key: value + 20 if key.endswith(name) else value for key, value in weights.items()}
    changed = split_outliers(even, observed(even, config, Head("encode")), config)
    assert changed.keys() == even.keys()
    assert all(changed[key] is even[key] for key in even)


def test_outliers_are_stored_in_float32():
    graph = Graph()
    x = graph.input("x", (1, 20), np.float32)
    storage = StaticStorage(graph, {})
    weight = np.ones((32, 20), np.float32)
    storage.dense(graph, x, storage.stored(weight), None, "layers.0.ffn.outliers.output")
    kinds = {tensor.type for tensor in graph.model("").subgraphs[0].tensors}
    assert kinds == {0}
