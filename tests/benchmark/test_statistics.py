"""Percentiles, and ratios of what took turns."""

import numpy as np
import pytest

from edgebert.benchmark.result import Round, Stats
from edgebert.benchmark.statistics import (
    kept,
    paired_ratio,
    relative,
    round_medians,
    spread,
    summarize,
)

ROUNDS = (Round(0, 3, throttled=False), Round(3, 2, throttled=True), Round(5, 2))


def test_throttled_rounds_are_left_out():
    samples = [1.0, 2.0, 3.0, 100.0, 200.0, 4.0, 5.0]
    assert kept(ROUNDS) == [0, 2]
    stats = summarize(samples, ROUNDS)
    assert stats == Stats(p50=3.0, p90=4.6, p99=4.96, mean=3.0, deviation=1.581)
    assert summarize(samples, [Round(0, 7, throttled=True)]) is None
    assert summarize([7.0], [Round(0, 1)]) == Stats(7.0, 7.0, 7.0, 7.0, 0.0)
    np.testing.assert_array_equal(round_medians(samples, ROUNDS), [2.0, 150.0, 4.5])


def test_what_slows_an_answer_and_the_yardstick_beside_it_falls_out():
    total, yardstick = [100.0, 150.0, 100.0], [10.0, 15.0, 20.0]
    np.testing.assert_allclose(relative(total, yardstick), [10, 10, 5])
    np.testing.assert_array_equal(relative(total, ()), total)
    assert np.isfinite(relative([1.0], [0.0])).all()


def noisy(random, rounds, drift):
    return drift * (1 + 0.02 * random.standard_normal(rounds))


def test_a_ratio_of_what_drifts_together_stays_narrow():
    random = np.random.default_rng(1)
    drift = np.exp(np.cumsum(0.1 * random.standard_normal(60)))  # wanders by a factor of two
    ratio = paired_ratio(1.05 * noisy(random, 60, drift), noisy(random, 60, drift))
    assert ratio.low < 1.05 < ratio.high
    assert ratio.low > 1
    assert ratio.high - ratio.low < 0.03


def test_intervals_hold_the_true_ratio_as_often_as_they_say():
    random = np.random.default_rng(2)
    ones = np.ones(25)
    ratios = [paired_ratio(noisy(random, 25, ones), noisy(random, 25, ones)) for _ in range(200)]
    held = sum(r.low <= 1 <= r.high for r in ratios)
    assert 180 <= held <= 199


def test_the_same_times_give_the_same_interval():
    times = np.array([1.0, 2.0, 4.0, 8.0])
    assert paired_ratio(times, times[::-1].copy()) == paired_ratio(times, times[::-1].copy())
    assert str(paired_ratio(2 * times, times)) == "2.00x (2.00 to 2.00)"


def test_spread_is_a_share_of_the_median():
    assert spread(np.full(20, 7.0)) == 0
    values = np.random.default_rng(3).normal(100, 10, 400)
    # Half an interval of a median of normal values: 1.96 * 1.2533 * deviation / sqrt(n).
    assert spread(values) == pytest.approx(1.96 * 1.2533 * 10 / 20 / 100, rel=0.3)
