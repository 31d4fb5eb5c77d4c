"""The graph computes what the plain numpy forward computes, for any shape, task and padding."""

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from hypothesis import given, settings
from hypothesis import strategies as st

from edgebert.bert.catalogue import find
from edgebert.bert.tasks import TASKS
from edgebert.converter import layers, reference
from edgebert.converter.bert_graph import build_graph
from edgebert.converter.head import Head
from edgebert.converter.recipes import RECIPES
from edgebert.converter.weight_storage import FLOAT32
from edgebert.runtime.delegation import delegation
from tests.bert_weights import FAMILIES, random_weights, small_config
from tests.converter.running import built, run

IDS = [2, 17, 5, 39, 11, 0, 3]
SEGMENTS = [0, 0, 0, 0, 1, 1, 1]
HEADS = [
    *(Head(task) for task in TASKS),
    Head("embed", pooling="cls"),
    Head("embed", normalize=False),
    Head("classify", multi_label=True),
]


def name(head):
    return f"{head.task}-{head.pooling}-{head.normalize}-{head.multi_label}"


def close(found, expected, tolerance=1e-5):
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(found, expected, atol=tolerance * scale, rtol=0)


@pytest.mark.parametrize("head", HEADS, ids=name)
@pytest.mark.parametrize("heads", [2, 8])
def test_every_head_equals_the_plain_forward(head, heads):
    config = small_config(num_attention_heads=heads)
    weights = random_weights(config)
    expected = reference.output(weights, config, head, IDS, SEGMENTS)
    close(run(built(config, weights, head), IDS, SEGMENTS), expected)


@pytest.mark.parametrize("head", HEADS, ids=name)
@pytest.mark.parametrize("family", FAMILIES)
def test_padding_changes_nothing(head, family):
    config = small_config(**FAMILIES[family])
    weights = random_weights(config)
    data = built(config, weights, head)
    padded = run(data, IDS, SEGMENTS, padding=9)
    if padded.ndim > 2:
        padded = padded[:, : len(IDS)]
    close(padded, run(data, IDS, SEGMENTS))


@pytest.mark.parametrize("head", HEADS, ids=name)
@pytest.mark.parametrize("runtime", ["litert", "tflite-runtime"])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_equals_the_plain_forward(head, runtime, family):
    config = small_config(**FAMILIES[family])
    weights = random_weights(config, seed=3)
    expected = reference.output(weights, config, head, IDS, SEGMENTS)
    close(run(built(config, weights, head, runtime=runtime), IDS, SEGMENTS), expected)


def test_a_classifier_without_a_pooler_equals_the_plain_forward():
    for family in ("BERT", "MobileBERT"):
        config = small_config(**{**FAMILIES[family], "pooler_act": None})
        weights = random_weights(config)
        expected = reference.output(weights, config, Head("classify"), IDS, SEGMENTS)
        close(run(built(config, weights, Head("classify")), IDS, SEGMENTS), expected)


@given(
    layers=st.integers(1, 3),
    heads=st.sampled_from([1, 2, 3, 4, 6]),
    head_size=st.sampled_from([2, 4, 8]),
    inner=st.integers(1, 40),
    segments=st.sampled_from([1, 2, 3]),
    activation=st.sampled_from(["gelu", "gelu_tanh", "relu"]),
    eps=st.sampled_from([1e-12, 1e-5]),
    tokens=st.integers(1, 20),
    head=st.sampled_from(HEADS),
    family=st.sampled_from(sorted(FAMILIES)),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60, deadline=None)
def test_any_shape_equals_the_plain_forward(
    layers, heads, head_size, inner, segments, activation, eps, tokens, head, family, seed
):
    drawn = {
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "hidden_size": heads * head_size,
        "intermediate_size": inner,
        "type_vocab_size": segments,
        "hidden_act": activation,
        "layer_norm_eps": eps,
    }
    shape = FAMILIES[family]
    kept = {name: shape[name] for name in shape.keys() - {"num_hidden_layers", "hidden_act"}}
    if "bottleneck_size" in kept:
        kept["bottleneck_size"] = heads * (head_size + 1)
        kept["embedding_size"] = min(6, heads * head_size)
    config = small_config(**{**drawn, **kept})
    weights = random_weights(config, seed)
    random = np.random.default_rng(seed)
    ids = random.integers(0, config.vocab_size, tokens).tolist()
    kinds = random.integers(0, segments, tokens).tolist()
    expected = reference.output(weights, config, head, ids, kinds)
    # Rounding grows where a layer norm divides by a tiny deviation, and where there is none.
    wide = {name: array.astype(np.float64) for name, array in weights.items()}
    rounding = np.abs(reference.output(wide, config, head, ids, kinds) - expected).max()
    scale = max(1.0, float(np.abs(expected).max()))
    tolerance = 1e-5 + 10 * float(rounding) / scale
    close(run(built(config, weights, head), ids, kinds), expected, tolerance)


@pytest.mark.parametrize("heads", [2, 4])
def test_merged_attention_equals_keys_and_values(heads, monkeypatch):
    config = small_config(num_attention_heads=heads)
    weights = random_weights(config)
    head = Head("regress")
    merged = built(config, weights, head)
    monkeypatch.setattr(layers, "MERGED_HEADS", 0)
    plain = built(config, weights, head)
    assert merged != plain
    close(run(merged, IDS, SEGMENTS), run(plain, IDS, SEGMENTS))


@pytest.mark.parametrize("positions", [[3], [6, 0], [1, 1, 4]])
@pytest.mark.parametrize("heads", [2, 8])
def test_fill_mask_computes_the_rows_asked_for(heads, positions):
    config = small_config(num_attention_heads=heads)
    weights = random_weights(config)
    head = Head("fill-mask")
    expected = reference.output(weights, config, head, IDS, SEGMENTS)[:, positions]
    data = built(config, weights, head)
    close(run(data, IDS, SEGMENTS, positions=positions), expected)
    close(run(data, IDS, SEGMENTS, padding=9, positions=positions), expected)


@pytest.mark.parametrize("task", ["encode", "fill-mask"])
@pytest.mark.parametrize("runtime", ["litert", "tflite-runtime"])
@pytest.mark.parametrize(
    ("recipe", "tolerance"), [("float32", 1e-5), ("float16", 5e-3), ("int8", 0.2)]
)
def test_quantised_graphs_stay_near_float(recipe, runtime, tolerance, task):
    config = small_config(hidden_size=64, intermediate_size=128)
    weights = random_weights(config)
    head = Head(task)
    found = run(built(config, weights, head, recipe, runtime), IDS, SEGMENTS)
    expected = reference.output(weights, config, head, IDS, SEGMENTS)
    error = np.abs(found - expected).max() / np.abs(expected).max()
    assert error < tolerance
    if recipe != "float32":
        assert error > 1e-5, "nothing was quantised"


def test_both_int8_recipes_hold_the_same_numbers():
    config = small_config(hidden_size=64, intermediate_size=128)
    weights = random_weights(config)
    litert, old = (
        run(built(config, weights, Head("encode"), "int8", runtime), IDS, SEGMENTS)
        for runtime in ("litert", "tflite-runtime")
    )
    np.testing.assert_allclose(litert, old, atol=1e-3)


def test_fill_mask_stores_the_word_table_once():
    config = small_config(vocab_size=5000)
    weights = random_weights(config)
    for recipe, size in (("int8", 1), ("float16", 2), ("float32", 4)):
        table = size * weights["embeddings.word"].size
        data = built(config, weights, Head("fill-mask"), recipe)
        assert table < len(data) < 2 * table


def test_fill_mask_of_tiny_is_hardly_larger_than_embed():
    config = find("tiny").config
    weights = random_weights(config)
    embed, fill_mask = (
        len(built(config, weights, Head(task), "int8")) for task in ("embed", "fill-mask")
    )
    assert fill_mask < embed + 200_000


@pytest.mark.parametrize(
    ("recipe", "runtime", "minimum"),
    [
        ("int8", "litert", "2.17"),
        ("int8", "tflite-runtime", "2.9"),
        ("float16", "litert", "2.20"),
        ("float16", "tflite-runtime", "2.9"),
        ("float32", "litert", "2.9"),
    ],
)
def test_minimum_runtime_follows_the_ops(recipe, runtime, minimum):
    config = small_config()
    storage = RECIPES[recipe].methods[runtime].storage
    graph = build_graph(config, random_weights(config), Head("classify"), storage)
    assert graph.minimum_runtime() == minimum


@pytest.mark.parametrize("recipe", ["int8", "float16", "float32"])
@pytest.mark.parametrize("task", TASKS)
def test_all_but_the_look_ups_goes_to_one_xnnpack_partition(task, recipe):
    config = small_config(hidden_size=64)
    data = built(config, random_weights(config), Head(task), recipe)
    interpreter = Interpreter(model_content=data, num_threads=1)
    for detail in interpreter.get_input_details():
        interpreter.resize_tensor_input(detail["index"], (1, 8))
    interpreter.allocate_tensors()
    found = delegation(interpreter)
    assert found.partitions <= 2
    assert found.ops - found.delegated <= 14, found


def test_classifier_leaves_out_the_other_rows_of_the_last_layer():
    config = small_config(num_hidden_layers=1, num_attention_heads=8)
    graph = build_graph(config, random_weights(config), Head("classify"), FLOAT32)
    first_rows = [t for t in graph._tensors if t.shape == [1, 24]]
    assert first_rows, "the feed-forward layer must see one row only"
    assert not [t for t in graph._tensors if t.shapeSignature == [-1, 24]]
