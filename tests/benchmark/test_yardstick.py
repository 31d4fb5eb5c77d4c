"""The fixed calculation beside the answers."""

import itertools

import pytest

from edgebert.benchmark.yardstick import Yardstick, describe


def clock_that_moves(nanoseconds):
    """At each look it is so much later."""
    ticks = itertools.count(0, nanoseconds)
    return lambda: next(ticks)


def test_a_measurement_is_of_one_product():
    yardstick = Yardstick(clock_that_moves(8000))
    assert yardstick.measure() == 8.0
    yardstick.adapt(32_000)  # four products
    assert yardstick.measure() == 2.0


@pytest.mark.parametrize("nanoseconds", [0, 1])
def test_at_least_one_product_is_timed(nanoseconds):
    yardstick = Yardstick(clock_that_moves(1000))
    yardstick.adapt(nanoseconds)
    assert yardstick.measure() == 1.0


def test_a_clock_that_stands_still_is_survived():
    yardstick = Yardstick(lambda: 7)
    yardstick.adapt(1000)
    assert yardstick.measure() == 0


def test_it_really_calculates_for_about_as_long_as_it_is_told():
    """Within a factor of five: the machine may be busy."""
    import time

    yardstick = Yardstick()
    yardstick.adapt(20e6)
    start = time.perf_counter()
    assert yardstick.measure() > 0.5  # 262,144 multiplications in less than that: no machine
    assert 0.004 < time.perf_counter() - start < 1


def test_it_says_what_it_is():
    assert describe().startswith("numpy ")
    assert "[32, 128] by [128, 64]" in describe()
