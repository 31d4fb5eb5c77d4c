"""The fixed calculation beside the answers."""

import itertools

import pytest

from edgebert.benchmarking.reference_kernel import ReferenceKernel, describe


def clock_that_moves(nanoseconds):
    """At each look it is so much later."""
    ticks = itertools.count(0, nanoseconds)
    return lambda: next(ticks)


def test_a_measurement_is_of_one_product():
    reference = ReferenceKernel(clock_that_moves(8000))
    assert reference.measure() == 8.0
    reference.adapt(32_000)  # four products
    assert reference.measure() == 2.0


@pytest.mark.parametrize("nanoseconds", [0, 1])
def test_at_least_one_product_is_timed(nanoseconds):
    reference = ReferenceKernel(clock_that_moves(1000))
    reference.adapt(nanoseconds)
    assert reference.measure() == 1.0


def test_a_clock_that_stands_still_is_survived():
    reference = ReferenceKernel(lambda: 7)
    reference.adapt(1000)
    assert reference.measure() == 0


def test_it_really_calculates_for_about_as_long_as_it_is_told():
    """Within a factor of five: the machine may be busy."""
    import time

    reference = ReferenceKernel()
    reference.adapt(20e6)
    start = time.perf_counter()
    assert reference.measure() > 0.5  # 262,144 multiplications in less than that: no machine
    assert 0.004 < time.perf_counter() - start < 1


def test_it_says_what_it_is():
    assert describe().startswith("numpy ")
    assert "[32, 128] by [128, 64]" in describe()
