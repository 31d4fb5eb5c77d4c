import json

import numpy as np
import pytest

from edgebert.bert.weights import encoder_shapes
from tools.fixtures.random_weights import draw_checkpoint, draw_ids, find_size

TOP = (
    "embeddings.word_embeddings.weight",
    "embeddings.position_embeddings.weight",
    "embeddings.token_type_embeddings.weight",
    "embeddings.LayerNorm.weight",
    "embeddings.LayerNorm.bias",
    "pooler.dense.weight",
    "pooler.dense.bias",
)
MODULES = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "attention.output.LayerNorm",
    "intermediate.dense",
    "output.dense",
    "output.LayerNorm",
)


@pytest.fixture
def statistics(tmp_path):
    """Each tensor has a mean of its own; layers differ by 100."""
    names = [*TOP]
    for layer in range(2):
        names += [
            f"encoder.layer.{layer}.{module}.{leaf}"
            for module in MODULES
            for leaf in ("weight", "bias")
        ]
    tensors = {name: {"mean": float(i), "std": 0.01} for i, name in enumerate(names)}
    path = tmp_path / "statistics.json"
    path.write_text(json.dumps({"bert_uncased_L-2_H-128_A-2": {"tensors": tensors}}))
    return path, tensors


def test_tensors_have_the_mean_of_their_own_name(statistics):
    path, tensors = statistics
    weights = draw_checkpoint("2/128", path).weights
    assert set(encoder_shapes(find_size("2/128").config)) < set(weights)
    expected = {
        "layers.1.attention.query.weight": "encoder.layer.1.attention.self.query.weight",
        "layers.0.attention.output.bias": "encoder.layer.0.attention.output.dense.bias",
        "layers.1.attention.norm.weight": "encoder.layer.1.attention.output.LayerNorm.weight",
        "layers.0.ffn.output.weight": "encoder.layer.0.output.dense.weight",
        "layers.1.ffn.norm.bias": "encoder.layer.1.output.LayerNorm.bias",
        "embeddings.segment": "embeddings.token_type_embeddings.weight",
        "pooler.weight": "pooler.dense.weight",
    }
    for ours, theirs in expected.items():
        assert weights[ours].mean() == pytest.approx(tensors[theirs]["mean"], abs=0.01), ours


def test_layers_without_statistics_are_drawn_like_the_last_one(statistics, tmp_path):
    _, tensors = statistics
    longer = tmp_path / "longer.json"
    longer.write_text(json.dumps({"bert_uncased_L-4_H-128_A-2": {"tensors": tensors}}))
    weights = draw_checkpoint("4/128", longer).weights
    mean = tensors["encoder.layer.1.intermediate.dense.weight"]["mean"]
    assert weights["layers.3.ffn.intermediate.weight"].mean() == pytest.approx(mean, abs=0.01)


def test_the_seed_decides_the_weights(statistics):
    first, same, other = (
        draw_checkpoint("2/128", statistics[0], seed=seed).weights["pooler.weight"]
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_ids_are_those_of_whole_words_between_the_special_ones():
    ids = draw_ids(32)
    assert (len(ids), ids[0], ids[-1]) == (32, 101, 102)
    assert all(999 <= word < 30_522 for word in ids[1:-1])
