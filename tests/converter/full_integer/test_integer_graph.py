"""Integer graphs: nothing but integers, near to float, the same at every length."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgebert.converter.full_integer.convert import apply_steps, build_graphs, plan_storage
from edgebert.converter.full_integer.integer_graph import build
from edgebert.converter.full_integer.sensitivity import HEAD, groups
from edgebert.converter.full_integer.transforms import Steps
from edgebert.converter.head import Head
from edgebert.converter.rewrite import rewrite
from edgebert.converter.targets import find_target
from edgebert.model_file.serialize import serialize
from edgebert.tokenizer.tokenizer import Encoding
from tests.converter.full_integer.small_models import LENGTH, encodings, run, small_model

TEXTS = encodings(24)
UNSEEN = encodings(8, seed=1)
HEADS = [
    Head("embed"),
    Head("embed", pooling="cls"),
    Head("encode"),
    Head("classify"),
    Head("regress"),
    Head("tag"),
    Head("answer"),
    Head("fill-mask"),
]
TYPES = {value: name for name, value in vars(schema.TensorType).items() if name.isupper()}


def types(graph):
    """Types of all tensors of a file."""
    model = schema.Model.GetRootAs(serialize(graph.model("")), 0)
    graphs = [model.Subgraphs(i) for i in range(model.SubgraphsLength())]
    return {TYPES[g.Tensors(i).Type()] for g in graphs for i in range(g.TensorsLength())}


def planned(original, kind, steps=None):
    steps = steps or Steps()
    transformed = apply_steps(original, steps, TEXTS)
    return transformed, plan_storage(original, transformed, steps, TEXTS, kind)


def answers(graph, original):
    """All numbers of the answers to the unseen texts, padding cut off."""
    rows = original.head.task in ("encode", "tag", "answer")
    outputs = [
        run(graph, text, original.interface)[:, : len(text.ids) if rows else None]
        for text in UNSEEN
    ]
    return np.concatenate([output.reshape(-1) for output in outputs])


def cosine(a, b):
    a, b = a.astype(np.float64), b.astype(np.float64)
    return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))


@pytest.mark.parametrize("inputs", [("ids",), ("ids", "mask", "segment_ids")], ids=len)
@pytest.mark.parametrize("kind", ["int8", "int16"])
@pytest.mark.parametrize("head", HEADS, ids=lambda head: f"{head.task}-{head.pooling}")
def test_every_head_is_all_integers_and_near_to_float(head, kind, inputs):
    original = small_model(head, inputs)
    transformed, plan = planned(original, kind)
    exact, _ = build(transformed, head, original.interface, LENGTH)
    graph, _ = build(transformed, head, original.interface, LENGTH, plan=plan)
    whole = {"INT8", "INT16", "INT32"} if kind == "int8" else {"INT8", "INT16", "INT32", "INT64"}
    assert types(graph) <= whole
    expected, found = (answers(each, original) for each in (exact, graph))
    least = 0.99 if kind == "int8" else 0.998
    assert cosine(expected, found) > least


@pytest.mark.parametrize("kind", ["int8", "int16"])
@pytest.mark.parametrize("act", ["gelu", "gelu_tanh", "relu"])
def test_every_activation_has_integers(act, kind):
    original = small_model(Head("regress"), hidden_act=act)
    transformed, plan = planned(original, kind)
    exact, _ = build(transformed, original.head, original.interface, LENGTH)
    graph, _ = build(transformed, original.head, original.interface, LENGTH, plan=plan)
    least = 0.99 if kind == "int8" else 0.998
    assert cosine(answers(exact, original), answers(graph, original)) > least


def test_lengths_share_their_weights_and_agree():
    original = small_model(Head("embed"))
    transformed, plan = planned(original, "int8")
    one, _ = build_graphs(original, transformed, plan, (LENGTH,))
    two, output = build_graphs(original, transformed, plan, (8, LENGTH))
    assert list(two) == ["length_8", f"length_{LENGTH}"]
    graph = next(iter(two.values()))
    both = serialize(graph.model("", two))
    alone = serialize(one[f"length_{LENGTH}"].model(""))
    matrices = original.config.num_hidden_layers * 4 * original.config.hidden_size**2
    assert len(both) < 2 * len(alone) - matrices
    text = Encoding([1, 7, 9, 2], [0] * 4, 4)
    both_lengths = [
        run(
            build(transformed, original.head, original.interface, length, plan=plan)[0],
            text,
            original.interface,
            length,
        )
        for length in (8, LENGTH)
    ]
    assert np.abs(both_lengths[0] - both_lengths[1]).max() <= 2.01 * output.step


@pytest.mark.parametrize("kind", ["int8", "int16"])
def test_a_model_that_fills_masks_stores_its_word_table_once(kind):
    original = small_model(Head("fill-mask"))
    transformed, plan = planned(original, kind)
    graph, _ = build(transformed, original.head, original.interface, LENGTH, plan=plan)
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(serialize(graph.model("")), 0))
    shape = list(original.weights["embeddings.word"].shape)
    tables = [each for each in model.subgraphs[0].tensors if list(each.shape) == shape]
    assert len(tables) == 2
    assert len({each.buffer for each in tables}) == 1


def test_a_model_that_fills_masks_answers_alike_in_the_ops_of_nnapi():
    original = small_model(Head("fill-mask"))
    transformed, plan = planned(original, "int8")
    graph, _ = build(transformed, original.head, original.interface, LENGTH, plan=plan)
    model = graph.model("")
    expected = answers(SimpleNamespace(model=lambda _: model), original)
    rewrite(model, find_target("nnapi"))
    found = answers(SimpleNamespace(model=lambda _: model), original)
    np.testing.assert_array_equal(found, expected)


def test_a_mixed_graph_is_nearer_to_float_than_int8_alone():
    original = small_model(Head("encode"))
    transformed, plan = planned(original, "int8")
    _, values = build(transformed, original.head, original.interface, LENGTH)
    named = frozenset().union(*groups(values).values())
    exact, _ = build(transformed, original.head, original.interface, LENGTH)
    expected = answers(exact, original)

    def error(plan, *, real=False):
        graph, _ = build(transformed, original.head, original.interface, LENGTH, plan=plan)
        assert ("FLOAT32" in types(graph)) == real
        return 1 - cosine(expected, answers(graph, original))

    inner = {name: "float32" for name in named if name.startswith("layers")}
    plain = error(plan)
    assert error(replace(plan, kinds=dict.fromkeys(named, "int16"))) < plain
    assert error(replace(plan, kinds=inner), real=True) < plain


@pytest.mark.parametrize("shift", range(3))
@pytest.mark.parametrize(
    ("steps", "act", "least"),
    [
        (Steps(), "gelu", 0.99),
        (Steps(), "gelu_tanh", 0.99),
        (Steps(), "relu", 0.99),
        (Steps.none(), "gelu", 0.9),
    ],
)
def test_groups_of_all_types_stand_side_by_side(steps, act, least, shift):
    original = small_model(Head("encode"), hidden_act=act)
    transformed, plan = planned(original, "int8", steps)
    exact, values = build(transformed, original.head, original.interface, LENGTH)
    kinds = {
        name: ("int8", "int16", "float32")[(at + shift) % 3]
        for at, (group, names) in enumerate(groups(values).items())
        for name in names
        if group != HEAD
    }
    mixed = replace(plan, kinds=kinds)
    graph, _ = build(transformed, original.head, original.interface, LENGTH, plan=mixed)
    assert types(graph) >= {"INT8", "INT16", "FLOAT32"}
    assert cosine(answers(exact, original), answers(graph, original)) > least
