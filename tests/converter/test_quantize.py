"""int8 and int4 weights: never further off than half a step, symmetric, with usable scales."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edgebert.converter.quantize import (
    Quantized,
    quantize_per_row,
    quantize_per_tensor,
    quantize_table_to_int4,
)

WEIGHTS = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 8), st.integers(1, 8)),
    elements=st.floats(-(2.0**100), 2.0**100, width=32),
)


@given(WEIGHTS)
def test_error_is_at_most_half_a_step(weight):
    for quantized in (quantize_per_row(weight), quantize_per_tensor(weight)):
        step = quantized.scale.reshape(-1, 1).astype(np.float64)
        error = np.abs(quantized.dequantized().astype(np.float64) - weight)
        assert np.all(error <= step * 0.5001)
        assert quantized.values.dtype == np.int8
        assert quantized.values.min() >= -127
        assert np.all(quantized.scale > 0)
        assert np.all(np.isfinite(quantized.scale))


@given(WEIGHTS)
def test_a_scale_a_row_is_never_coarser_than_one_for_all(weight):
    row, tensor = quantize_per_row(weight), quantize_per_tensor(weight)
    assert row.scale.shape == (len(weight),)
    assert tensor.scale.shape == (1,)
    full = np.abs(weight).max(axis=1) > 0
    assert np.all(row.scale[full] <= tensor.scale[0])


def test_largest_value_of_a_row_becomes_127():
    quantized = quantize_per_row(np.array([[0.5, -2.0], [0.0, 0.0]], np.float32))
    assert quantized.values.tolist() == [[32, -127], [0, 0]]
    np.testing.assert_allclose(quantized.scale[0], 2 / 127, rtol=1e-6)


def test_blocks_of_a_large_table_are_quantised_alike():
    table = np.random.default_rng(0).standard_normal((9000, 4)).astype(np.float32)
    whole = quantize_per_row(table)
    parts = [quantize_per_row(table[start : start + 100]) for start in range(0, 9000, 100)]
    assert np.array_equal(whole.values, np.concatenate([part.values for part in parts]))


def test_of_two_int4_the_first_lies_in_the_lower_half_of_the_byte():
    values = np.array([[1, -1, 7], [-8, 0, 5]], np.int8)
    kept = Quantized(values, np.ones(2, np.float32), bits=4).kept
    assert kept.tolist() == [0xF1, 0x87, 0x50]
    odd = Quantized(values[:1], np.ones(1, np.float32), bits=4).kept
    assert odd.tolist() == [0xF1, 0x07]


@given(WEIGHTS)
def test_int4_rows_lose_no_more_than_by_the_scale_that_just_holds_the_largest(weight):
    quantized = quantize_table_to_int4(weight)
    assert quantized.values.min() >= -8
    assert quantized.values.max() <= 7
    assert np.all(quantized.scale > 0)
    exact = weight.astype(np.float64)
    step = np.maximum(np.abs(exact).max(axis=1, keepdims=True) / 7, np.finfo(np.float32).tiny)
    plain = np.rint(exact / step) * step
    lost = np.square(quantized.dequantized().astype(np.float64) - exact).sum(axis=1)
    rounding = 1e-12 * np.square(exact).sum(axis=1) + 1e-60
    assert np.all(lost <= np.square(plain - exact).sum(axis=1) * 1.001 + rounding)


def test_each_block_of_a_row_has_its_scale():
    values = np.arange(8, dtype=np.int8).reshape(2, 4)
    scale = np.array([[1, 10], [2, 20]], np.float32)
    quantized = Quantized(values, scale, bits=4)
    assert quantized.block == 2
    assert quantized.dequantized().tolist() == [[0, 1, 20, 30], [8, 10, 120, 140]]
