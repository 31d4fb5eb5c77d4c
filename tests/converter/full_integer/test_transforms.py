"""Every rewrite leaves the answers as they are, alone and together with any others."""

from dataclasses import fields, replace
from itertools import product

import numpy as np
import pytest

from edgebert.converter import reference
from edgebert.converter.full_integer.calibrate import Peaks
from edgebert.converter.full_integer.convert import apply_steps
from edgebert.converter.full_integer.integer_graph import build
from edgebert.converter.full_integer.observer import feeds
from edgebert.converter.full_integer.scales import large_units
from edgebert.converter.full_integer.transforms import Steps, scale_rows, split_units
from edgebert.converter.head import POSITIONS, Head
from tests.converter.full_integer.small_models import LENGTH, encodings, run, small_model

STEPS = [each.name for each in fields(Steps)]
EXACT = {"rtol": 1e-5, "atol": 1e-5}
TEXTS = encodings(4)
MODEL = small_model()
EXPECTED = [
    reference.output(MODEL.weights, MODEL.config, MODEL.head, text.ids, text.segment_ids)
    for text in TEXTS
]


def tokenwise(model, steps):
    graph, _ = build(apply_steps(model, steps, TEXTS), model.head, model.interface, LENGTH)
    return [run(graph, text, model.interface)[:, : len(text.ids)] for text in TEXTS]


@pytest.mark.parametrize("chosen", list(product((False, True), repeat=len(STEPS))), ids=str)
def test_any_subset_of_steps_computes_what_the_reference_does(chosen):
    found = tokenwise(MODEL, Steps(**dict(zip(STEPS, chosen, strict=True))))
    for expected, got in zip(EXPECTED, found, strict=True):
        np.testing.assert_allclose(got, expected, **EXACT)


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden_act": "relu"},
        {"hidden_act": "gelu_tanh"},
        {"layer_norm_eps": 1e-3},
        {"type_vocab_size": 1},
        {"num_hidden_layers": 1},
    ],
    ids=str,
)
@pytest.mark.parametrize("steps", [Steps.none(), Steps()], ids=["plain", "all"])
def test_other_configs_are_exact_too(changes, steps):
    model = small_model(**changes)
    texts = encodings(3, pairs=model.config.type_vocab_size > 1)
    graph, _ = build(apply_steps(model, steps, texts), model.head, model.interface, LENGTH)
    for text in texts:
        expected = reference.output(
            model.weights, model.config, model.head, text.ids, text.segment_ids
        )
        got = run(graph, text, model.interface)[:, : len(text.ids)]
        np.testing.assert_allclose(got, expected, **EXACT)


@pytest.mark.parametrize("inputs", [("ids",), ("ids", "mask", "segment_ids")], ids=len)
@pytest.mark.parametrize(
    "head",
    [
        Head("embed", normalize=False),
        Head("embed", pooling="cls", normalize=False),
        Head("regress"),
        Head("tag"),
        Head("answer"),
        Head("fill-mask"),
    ],
    ids=lambda head: f"{head.task}-{head.pooling}",
)
@pytest.mark.parametrize("steps", [Steps.none(), Steps()], ids=["plain", "all"])
def test_every_head_is_exact(head, inputs, steps):
    model = small_model(head, inputs)
    graph, _ = build(apply_steps(model, steps, TEXTS), head, model.interface, LENGTH)
    for text in TEXTS:
        further = {}
        if head.task == "fill-mask":
            further["positions"] = feeds(text, model.interface, LENGTH)["positions"][0][:POSITIONS]
        expected = reference.output(
            model.weights, model.config, head, text.ids, text.segment_ids, **further
        )
        got = run(graph, text, model.interface)
        got = got[:, : len(text.ids)] if head.task in ("tag", "answer") else got
        np.testing.assert_allclose(got, expected, **EXACT)


def test_the_word_table_gives_words_and_reads_them_whatever_its_rows_are_scaled_by():
    model = small_model(Head("fill-mask"))
    transformed = apply_steps(model, Steps(row_scales=False, channel_scales=False), TEXTS)
    assert transformed.weights["embeddings.word"] is model.weights["embeddings.word"]
    scaled = scale_rows(transformed, {"embeddings.norm": 0.25}, model.first_id)
    graph, _ = build(scaled, model.head, model.interface, LENGTH)
    text = TEXTS[0]
    positions = feeds(text, model.interface, LENGTH)["positions"][0]
    expected = reference.output(
        model.weights, model.config, model.head, text.ids, text.segment_ids, positions=positions
    )
    np.testing.assert_allclose(run(graph, text, model.interface), expected, **EXACT)


@pytest.mark.parametrize("peak", [2.0, 100.0])
def test_units_that_reach_far_beyond_the_others_go_apart(peak):
    reached = np.ones(64, np.float32)
    reached[[3, 40]] = peak
    name = "layers.0.ffn.active"
    peaks = Peaks(first={name: reached}, rest={}, scores=0.0, lowest_best=0.0)
    found = large_units(peaks, [name])
    if peak == 2.0:  # two of 64 at twice the range: 62 at half the noise each is what it takes
        assert found["layers.0.ffn"].tolist() == [3, 40]
        peaks = replace(peaks, first={name: np.linspace(0.9, 1, 64, dtype=np.float32)})
        assert large_units(peaks, [name]) == {}
        return
    assert {key: units.tolist() for key, units in found.items()} == {"layers.0.ffn": [3, 40]}


def test_split_units_have_matrices_of_their_own_and_the_answers_stay():
    scaled = apply_steps(MODEL, Steps(large_units=False), TEXTS)
    split = split_units(scaled, {"layers.1.ffn": np.array([0, 5])})
    assert split.weights["layers.1.ffn.large.output.weight"].shape[1] == 2
    graph, values = build(split, MODEL.head, MODEL.interface, LENGTH)
    assert {"layers.1.ffn.large.active", "layers.1.ffn.outputs"} <= {each.name for each in values}
    for text, expected in zip(TEXTS, EXPECTED, strict=True):
        got = run(graph, text, MODEL.interface)[:, : len(text.ids)]
        np.testing.assert_allclose(got, expected, **EXACT)
