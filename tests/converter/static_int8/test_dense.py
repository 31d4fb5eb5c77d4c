"""A static dense layer computes what plain numpy does, as exactly as its scales allow."""

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from hypothesis import given, settings
from hypothesis import strategies as st

from edgebert.converter.graph import DYNAMIC, Graph
from edgebert.converter.static_int8.dense import role_of, static_dense, storage
from edgebert.converter.static_int8.observe import ObservedDense
from edgebert.converter.static_int8.storage import StaticStorage
from edgebert.model_file.serialize import serialize


def layer(channel=1.0, seed=0, outputs=24, inputs=40):
    """A layer, rows for it, and the rows' products; one input and one output reach further."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(50, inputs)).astype(np.float32)
    rows[:, 5] *= channel
    weight = random.normal(size=(outputs, inputs)).astype(np.float32) / 6
    weight[7] *= channel
    bias = random.normal(size=outputs).astype(np.float32)
    products = rows @ weight.T + bias
    seen = ObservedDense(
        weight,
        bias,
        (rows.min(axis=0), rows.max(axis=0)),
        (products.min(axis=0), products.max(axis=0)),
        DYNAMIC,
    )
    return seen, rows, products


def computed(static, rows, seen=None):
    """By the static layer, or where what it was made from is given, by the dynamic one."""
    graph = Graph()
    x = graph.input("x", (DYNAMIC, rows.shape[1]), np.float32)
    weights = StaticStorage(graph, {"dense": static}, frozenset({"dense"} if seen else ()))
    weight, bias = (seen.weight, seen.bias) if seen else (static.matrix.values, None)
    graph.output("y", weights.dense(graph, x, weight, bias, "dense"))
    interpreter = Interpreter(model_content=bytes(serialize(graph.model(""))), num_threads=1)
    index = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(index, rows.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(index, rows)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def test_a_dynamic_layer_is_smoothed_too():
    """A channel that reaches far makes int8 coarse for all others, unless it is smoothed."""
    seen, rows, products = layer(channel=100.0)
    smoothed = np.abs(computed(static_dense(seen, "projection"), rows, seen) - products)
    plain = np.abs(computed(static_dense(seen, "residual"), rows, seen) - products)
    narrow = np.delete(np.arange(len(seen.weight)), 7)
    assert smoothed[:, narrow].mean() < plain[:, narrow].mean() / 1.5


@pytest.mark.parametrize("channel", [1.0, 30.0])
@pytest.mark.parametrize("role", ["projection", "residual"])
def test_it_is_what_numpy_computes_up_to_its_steps(role, channel):
    seen, rows, products = layer(channel)
    static = static_dense(seen, role)
    found = computed(static, rows)
    if role == "residual" and channel > 1:
        assert static.channel_scales is not None
        # The wide input is coarse for all; the narrow channels must not pay for the wide output.
        narrow = np.delete(np.arange(len(seen.weight)), 7)
        step = static.reads.step
        assert np.abs(found - products)[:, narrow].max() < 4 * step
        return
    assert static.channel_scales is None
    error = np.abs(found - products).mean() / np.abs(products).mean()
    assert error < (0.03 if channel == 1 else 0.12)


def test_smoothing_leaves_the_product_and_narrows_what_is_read():
    seen, rows, _ = layer(30.0)
    static = static_dense(seen, "projection")
    smoothed = rows * static.smoothing
    matrix = static.matrix.dequantized()
    np.testing.assert_allclose(smoothed @ matrix.T, rows @ seen.weight.T, atol=3.0, rtol=0.05)
    widest = np.abs(smoothed).max(axis=0)
    assert widest.max() / np.median(widest) < np.abs(rows).max() / 3


def test_what_an_activation_makes_zero_takes_no_levels():
    seen, _, products = layer()
    assert -10 < products.min() < 0
    wide = ObservedDense(seen.weight, seen.bias, seen.reads, (seen.gives[0] - 50, seen.gives[1]), 1)
    kept = static_dense(wide, "activated").gives
    assert -4.1 < (-128 - kept.zero_point) * kept.step < -3.9


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
@settings(max_examples=200, deadline=None)
def test_a_storage_holds_its_range_and_zero(a, b):
    kept = storage(min(a, b), max(a, b))
    lowest, highest = ((level - kept.zero_point) * kept.step for level in (-128, 127))
    assert -128 <= kept.zero_point <= 127
    assert lowest <= min(a, b, 0.0) + kept.step
    assert highest >= max(a, b, 0.0) - kept.step


def test_roles_follow_from_names():
    names = ("layers.0.ffn.output", "layers.1.attention.value_output")
    assert [role_of(name) for name in names] == ["residual"] * 2
    assert role_of("layers.0.ffn.intermediate") == "activated"
    assert role_of("layers.0.attention.query_key_value") == "projection"
