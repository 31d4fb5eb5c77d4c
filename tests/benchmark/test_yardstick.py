"""The fixed calculation beside the answers."""

import itertools

import pytest

from edgebert.benchmark.yardstick import Yardstick, describe


def clock_that_moves(nanoseconds):
    """At each look it is so much later."""
    ticks = itertools.count(0, nanoseconds)
    return lambda: next(ticks)


def test_a_measurement_is_of_one_product_and_one_read():
    yardstick = Yardstick(clock_that_moves(8000))
    assert yardstick.measure() == pytest.approx(8.0)
    yardstick.adapt(80_000)  # nine products and one read
    assert yardstick.measure() == pytest.approx((8 / 9) ** 0.7 * 8**0.3)


@pytest.mark.parametrize("nanoseconds", [0, 1])
def test_at_least_one_of_each_is_timed(nanoseconds):
    yardstick = Yardstick(clock_that_moves(1000))
    yardstick.adapt(nanoseconds)
    assert yardstick.measure() == pytest.approx(1.0)


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
    # 262,144 multiplications or 1,008 reads in less than that: no machine.
    assert yardstick.measure() > 0.5
    assert 0.004 < time.perf_counter() - start < 1


def test_it_says_what_it_is():
    assert describe().startswith("numpy ")
    assert "[32, 128] by [128, 64] and 1008 reads in [4032, 1040], 0.7 to 0.3" in describe()
