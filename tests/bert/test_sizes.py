"""Sizes that follow from shapes are those of real graphs."""

import numpy as np
import pytest

from edgebert.bert.catalogue import CATALOGUE, find
from edgebert.bert.config import BertConfig
from edgebert.bert.sizes import (
    MATRICES,
    RECIPE_SIZES,
    VOCABULARY,
    WORD_TABLE,
    file_bytes,
    file_parts,
)
from edgebert.bert.weights import encoder_shapes
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.bert_graph import build_graph
from edgebert.converter.dense_inputs import DenseInputs
from edgebert.converter.gptq import quantize_in_blocks
from edgebert.converter.head import Head
from edgebert.converter.recipes import RECIPES
from edgebert.model_file.serialize import serialize

CONFIG = BertConfig(3_000, 192, 3, 3, 768, 128)
RECORD = 17_000
"""Bytes, about, that the record adds; it is not in the graph."""


@pytest.fixture(scope="module")
def checkpoint():
    random = np.random.default_rng(0)
    shapes = encoder_shapes(CONFIG).items()
    weights = {name: random.standard_normal(shape, np.float32) for name, shape in shapes}
    return Checkpoint(CONFIG, weights, tuple(map(str, range(CONFIG.vocab_size))))


@pytest.mark.parametrize("recipe", RECIPE_SIZES)
def test_a_file_has_about_the_size_that_is_told_of_its_form(checkpoint, recipe):
    head = Head("embed", pooling="mean")
    matrices = {}
    if RECIPE_SIZES[recipe].matrix_bits == 4.5:
        found = DenseInputs(checkpoint, head, []).matrices
        matrices = {name: quantize_in_blocks(m, np.eye(m.shape[1])) for name, m in found.items()}
    storage = RECIPES[recipe].methods["litert"].storage
    graph = build_graph(CONFIG, checkpoint.weights, head, storage, matrices)
    size = len(serialize(graph.model(""))) + RECORD
    told = file_parts(CONFIG, (), recipe)
    assert abs(sum(told.values()) - told[VOCABULARY] - size) < 0.01 * size


def test_fewer_pieces_take_less_of_the_table_and_the_vocabulary_alone():
    config = find("2/128").config
    whole, few = file_parts(config), file_parts(config, pieces=3_000)
    assert few[WORD_TABLE] == 3_000 * 128
    assert few[VOCABULARY] == 22_800
    assert few[MATRICES] == whole[MATRICES]


def test_int8_sizes_stay_within_what_the_converter_promises():
    assert 4_550_000 < find("2/128").int8_bytes < 4_750_000
    for model in CATALOGUE:
        vocabulary = file_parts(model.config)[VOCABULARY]
        assert model.int8_bytes <= 0.27 * model.float32_bytes + vocabulary


def test_2_layers_of_128_with_2000_pieces_take_less_than_three_quarters_of_a_megabyte():
    assert file_bytes(find("2/128").config, recipe="w8-t4-a8", pieces=2_000) < 750_000
