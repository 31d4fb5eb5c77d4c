"""The converter's rewriting gives the same of tensors as of arrays."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from edgebert.checkpoints.learned import Scales
from edgebert.converter.fold import fold
from edgebert.converter.full_integer.transforms import norms, with_learned_scales
from edgebert.train.backend import tf
from edgebert.train.qat.tensor_array import TensorArray
from tests.train import tiny


def tensors():
    return {name: TensorArray(tf.constant(array)) for name, array in tiny.weights().items()}


def same(found, expected):
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        value = found[name]
        value = value.tensor.numpy() if isinstance(value, TensorArray) else value
        np.testing.assert_allclose(value, array, atol=2e-5, rtol=1e-4, err_msg=name)


def test_folded_tensors_are_folded_arrays():
    same(fold(tensors(), tiny.CONFIG), fold(tiny.weights(), tiny.CONFIG))


def test_rescaled_tensors_are_rescaled_arrays():
    random = np.random.default_rng(1)
    names = norms(tiny.CONFIG)
    channels = {
        name: tuple(map(float, random.uniform(1, 4, tiny.CONFIG.hidden_size))) for name in names
    }
    scales = Scales(mask=40.0, rows={names[0]: 0.5, names[1]: 0.25}, channels=channels)
    found = with_learned_scales(tensors(), tiny.CONFIG, scales, 2)
    same(found.weights, with_learned_scales(tiny.weights(), tiny.CONFIG, scales, 2).weights)


def test_gradients_pass_the_rewriting():
    variables = {name: tf.Variable(array) for name, array in tiny.weights().items()}
    with tf.GradientTape() as tape:
        arrays = {each: TensorArray(variable) for each, variable in variables.items()}
        folded = fold(arrays, tiny.CONFIG)["layers.0.attention.output.bias"]
        loss = tf.reduce_sum(folded.tensor)
    assert np.abs(tape.gradient(loss, variables["layers.0.attention.value.bias"])).max() > 0


def test_what_is_always_0_stays_an_array():
    folded = fold(tensors(), tiny.CONFIG)
    assert isinstance(folded["layers.0.attention.key.bias"], np.ndarray)
    assert not folded["layers.0.attention.key.bias"].any()


def test_functions_that_are_not_known_are_refused():
    with pytest.raises(TypeError, match=r"numpy\.cumsum is not known"):
        np.cumsum(TensorArray(tf.zeros(3)))
    with pytest.raises(TypeError, match=r"numpy\.exp is not known"):
        np.exp(TensorArray(tf.zeros(3)))
