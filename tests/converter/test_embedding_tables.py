"""Rewriting the embedding tables leaves the answers, and int8 loses less of them."""

from dataclasses import replace

import numpy as np
import pytest

from edgebert.converter import reference
from edgebert.converter.bert_graph import build_graph, write_graph
from edgebert.converter.builder import Builder
from edgebert.converter.embedding_tables import TABLES, centre_rows, equalize_columns
from edgebert.converter.fold import fold
from edgebert.converter.graph import Graph
from edgebert.converter.head import Head
from edgebert.converter.quantize import quantize_per_tensor
from edgebert.converter.run_graph import outputs
from edgebert.converter.weight_storage import FLOAT32, WeightStorage
from edgebert.tokenizer.tokenizer import Encoding
from tests.bert_weights import FAMILIES, random_weights, small_config

IDS, SEGMENTS = [2, 17, 5, 39, 11, 0, 3], [0, 0, 0, 0, 1, 1, 1]
TEXT = Encoding(IDS, SEGMENTS, False)


def uneven(family):
    """One column of the positions reaches fifty times as far, and no row has a mean of 0."""
    config = small_config(**{"hidden_size": 24, "intermediate_size": 40, **FAMILIES[family]})
    weights = random_weights(config)
    positions = weights["embeddings.position"] + np.float32(0.5)
    positions[:, 3] *= 50
    return config, {**weights, "embeddings.position": positions}


def answer(weights, config, head):
    """In float32, of weights that are folded."""
    graph = Graph()
    write_graph(Builder(config, weights, FLOAT32, graph), head)
    return outputs(graph, head.task, [TEXT])[0]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("task", ["embed", "classify", "fill-mask"])
@pytest.mark.parametrize("step", ["centre", "equalize"])
def test_answers_stay(family, task, step):
    config, weights = uneven(family)
    folded = fold(weights, config)
    if step == "centre":
        changed = centre_rows(folded, config, task)
    else:
        changed = equalize_columns(folded, config)
    found, expected = (answer(each, config, Head(task)) for each in (changed, folded))
    np.testing.assert_allclose(found, expected, atol=2e-4 * max(1, np.abs(expected).max()))


def test_columns_of_both_tables_together_have_one_range():
    config, weights = uneven("BERT")
    changed = equalize_columns(weights, config)
    reach = np.max([np.abs(changed[name]).max(axis=0) for name in TABLES], axis=0)
    np.testing.assert_allclose(reach, 1, rtol=1e-6)


def test_rows_that_only_the_norm_reads_have_a_mean_of_0():
    config, weights = uneven("BERT")
    changed = centre_rows(weights, config, "classify")
    for name in (*TABLES, "embeddings.segment"):
        np.testing.assert_allclose(changed[name].mean(axis=1), 0, atol=1e-6)
    assert centre_rows(weights, config, "fill-mask") is weights


def test_int8_loses_less_of_tables_with_a_wide_column():
    config, weights = uneven("BERT")
    changed = equalize_columns(weights, config)
    positions, scales = weights["embeddings.position"], changed["embeddings.column_scales"]

    def loss(table, scales):
        return np.abs(quantize_per_tensor(table).dequantized() * scales - positions).mean()

    assert loss(changed["embeddings.position"], scales) < 0.2 * loss(positions, 1)


def test_an_int8_graph_equalizes_its_tables():
    config, weights = uneven("BERT")
    head = Head("encode")
    expected = reference.output(weights, config, head, IDS, SEGMENTS)
    storage = WeightStorage(FLOAT32.store_matrix, quantize_per_tensor)
    found = outputs(build_graph(config, weights, head, storage), head.task, [TEXT])[0]
    apart = replace(storage, store_words=quantize_per_tensor)
    before = outputs(build_graph(config, weights, head, apart), head.task, [TEXT])[0]
    assert np.abs(found - expected).mean() < 0.5 * np.abs(before - expected).mean()
