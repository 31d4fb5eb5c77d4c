"""Integers keep what they stand for to half a step, and 0 and powers of two exactly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebert.converter.full_integer.storage import (
    StoragePlan,
    bias_of,
    constant_of,
    fixed,
    largest_mean,
    storage_of,
    widened,
)
from edgebert.converter.quantize import quantize_per_row, quantize_per_tensor

KINDS = ("int8", "int16")
NUMBERS = st.floats(-1e4, 1e4, width=32)


def kept(number, storage):
    ends = np.iinfo(storage.dtype)
    whole = np.clip(np.round(number / storage.step) + storage.zero_point, ends.min, ends.max)
    return (whole - storage.zero_point) * storage.step


@pytest.mark.parametrize("kind", KINDS)
@given(NUMBERS, NUMBERS, st.floats(0, 1))
def test_any_number_of_the_range_is_kept_to_a_step(kind, one, other, place):
    low, high = min(one, other), max(one, other)
    storage = storage_of((low, high), kind)
    number = low + place * (high - low)
    # The zero point is rounded too, so an end can lie half a step beyond the last integer.
    assert abs(kept(number, storage) - number) <= storage.step * 1.01
    assert kept(0.0, storage) == 0.0
    assert storage.step > 0


def test_int16_is_symmetric_as_its_kernels_demand():
    assert storage_of((-1, 5), "int16").zero_point == 0
    assert storage_of((-1, 5), "int16").step == pytest.approx(5 / 32_767)


@pytest.mark.parametrize("kind", KINDS)
def test_powers_of_two_are_exact_constants(kind):
    row = np.array([1 / 64, 1, 0.5, 0, -0.25], np.float32)
    assert np.array_equal(constant_of(row, kind).dequantized(), row)


@pytest.mark.parametrize("kind", KINDS)
@given(st.lists(NUMBERS, min_size=1, max_size=8))
def test_constants_are_kept_to_half_a_step(kind, numbers):
    values = np.array(numbers, np.float32)
    constant = constant_of(values, kind)
    assert constant.values.dtype == kind
    error = np.abs(constant.dequantized().astype(np.float64) - values)
    assert error.max() <= constant.scale[0] * 0.51


def test_int8_widens_to_int16_exactly():
    narrow = storage_of((-3, 7), "int8")
    wide = widened(narrow)
    for number in range(-128, 128):
        value = (number - narrow.zero_point) * narrow.step
        assert kept(value, wide) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize(("kind", "whole"), [("int8", np.int32), ("int16", np.int64)])
def test_biases_are_in_the_units_of_the_sum(kind, whole):
    matrix = quantize_per_row(np.array([[1.0, -2.0], [0.5, 0.25]], np.float32))
    x = storage_of((-1, 1), kind)
    bias = np.array([0.3, -4.0], np.float32)
    made = bias_of(bias, x, matrix)
    assert made.values.dtype == whole
    np.testing.assert_allclose(made.scale, x.step * matrix.scale, rtol=1e-6)
    np.testing.assert_allclose(made.values * made.scale, bias, atol=made.scale.max())


def test_a_matrix_with_one_scale_has_biases_with_one():
    matrix = quantize_per_tensor(np.array([[1.0, -2.0], [0.5, 0.25]], np.float32))
    assert bias_of(np.ones(2, np.float32), storage_of((-1, 1), "int8"), matrix).scale.shape == (1,)


def test_softmax_has_the_storage_that_kernels_fix_whatever_its_range():
    plan = StoragePlan({"probabilities": (0, 0.1)})
    assert plan.storage("probabilities", "softmax") == fixed("softmax", "int8")
    assert fixed("softmax", "int8").step == 1 / 256


def test_a_plan_swaps_the_type_of_the_values_it_names():
    plan = StoragePlan({"a": (0, 1), "b": (0, 1)}, kinds={"b": "int16"})
    assert [plan.storage(name).dtype.name for name in "ab"] == ["int8", "int16"]


def test_the_mean_over_tokens_grows_by_what_rounding_adds_to_its_weights():
    weights = [(np.rint(256 / n) / 256, n) for n in range(1, 65)]
    assert largest_mean(64, "int8") == max(weight * n for weight, n in weights)
    assert largest_mean(64, "int16") < 1.001
