"""GPTQ rounds as the paper says, and real texts notice less of it than of plain rounding."""

import numpy as np

from edgebert.checkpoints.folder import open_folder
from edgebert.converter import dense_inputs, reference
from edgebert.converter.check import check_encodings
from edgebert.converter.dense_inputs import DenseInputs
from edgebert.converter.gptq import BLOCK, output_error, quantize_in_blocks
from edgebert.converter.head import Head
from tests.conftest import REFERENCE, SOURCES


def case(rows=5, columns=3 * BLOCK, seed=0):
    """A matrix, and rows it is multiplied by, which are correlated."""
    random = np.random.default_rng(seed)
    mixed = random.standard_normal((columns, columns))
    x = random.standard_normal((400, columns)) @ mixed
    return random.standard_normal((rows, columns)).astype(np.float32), x


def rounded_by_elimination(weight, hessian, scale):
    """The same by the paper's equations 1 to 3, with the inverse at each step."""
    weight = weight.astype(np.float64)
    damped = hessian + 0.01 * np.diag(hessian).mean() * np.eye(len(hessian))
    inverse = np.linalg.inv(damped)
    values = np.empty(weight.shape)
    for at in range(weight.shape[1]):
        step = scale[:, at // BLOCK]
        values[:, at] = np.clip(np.rint(weight[:, at] / step), -8, 7)
        error = (weight[:, at] - values[:, at] * step) / inverse[at, at]
        weight[:, at:] -= np.outer(error, inverse[at, at:])
        inverse -= np.outer(inverse[:, at], inverse[at]) / inverse[at, at]
    return values


def test_columns_make_up_for_those_before_them_as_in_the_paper():
    weight, x = case()
    hessian = x.T @ x
    quantized = quantize_in_blocks(weight, hessian)
    assert quantized.block == BLOCK
    expected = rounded_by_elimination(weight, hessian, quantized.scale)
    assert (quantized.values == expected).mean() > 0.995  # a tie may fall either way


def test_less_of_the_output_is_lost_than_by_rounding_each_number():
    weight, x = case(rows=64)
    hessian = x.T @ x
    plain = quantize_in_blocks(weight, np.eye(len(hessian)))
    lost = output_error(weight, quantize_in_blocks(weight, hessian), hessian)
    assert lost < 0.7 * output_error(weight, plain, hessian)
    change = x @ (plain.dequantized() - weight).T
    share = np.square(change).sum() / np.square(x @ weight.T).sum()
    np.testing.assert_allclose(output_error(weight, plain, hessian), share, rtol=1e-4)


def test_scales_are_numbers_that_float16_holds():
    weight, x = case()
    weight[0] = 0
    weight[1] *= 1e-12
    weight[2] *= 1e9
    scale = quantize_in_blocks(weight, x.T @ x).scale
    assert np.array_equal(scale, scale.astype(np.float16).astype(np.float32))
    assert np.all(scale > 0)


def test_inputs_that_are_never_met_do_no_harm():
    weight, x = case()
    x[:, 7] = 0
    for hessian in (x.T @ x, np.zeros((x.shape[1],) * 2)):
        lost = quantize_in_blocks(weight, hessian).dequantized() - weight
        assert np.abs(lost).max() < np.abs(weight).max()


def test_sums_are_of_what_the_layers_read_in_one_pass_or_several(monkeypatch):
    checkpoint = open_folder(REFERENCE / SOURCES["classify"])
    encodings = check_encodings(checkpoint.make_tokenizer(), 64)[:6]
    watched = DenseInputs(checkpoint, Head("classify"), encodings)
    names = [name for name, matrix in watched.matrices.items() if len(matrix) > 16]
    at_once = dict(watched.hessians(names))
    monkeypatch.setattr(dense_inputs, "MOST_BYTES", 1)
    monkeypatch.setattr(dense_inputs, "_ROWS", 1)
    one_by_one = dict(watched.hessians(names))
    assert at_once.keys() == one_by_one.keys() == {*names}
    for name in names:
        np.testing.assert_allclose(at_once[name], one_by_one[name], rtol=1e-4, atol=1e-3)
    # The pooler reads the first row of the last hidden state, which the reference computes alone.
    rows = [
        reference.output(
            checkpoint.weights, checkpoint.config, Head("encode"), e.ids, e.segment_ids
        )
        for e in encodings
    ]
    firsts = np.stack([each[0, 0] for each in rows])
    bias = checkpoint.weights["layers.1.ffn.norm.bias"]  # which the graph has in the next matrix
    expected = (firsts - bias).T @ (firsts - bias)
    np.testing.assert_allclose(at_once["pooler"], expected, rtol=1e-3, atol=1e-3)
