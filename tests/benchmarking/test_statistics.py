"""Percentiles, and ratios of what took turns."""

import numpy as np
import pytest

from edgebert.benchmarking.result import Round, Stats
from edgebert.benchmarking.statistics import (
    by_process,
    counted,
    of_rounds,
    paired_ratio,
    relative,
    rounds_that_count,
    spread,
    summarize,
    typical,
    typical_time,
)

ROUNDS = (Round(0, 3, throttled=False), Round(3, 2, throttled=True), Round(5, 2))


def test_throttled_rounds_are_left_out():
    samples = [1.0, 2.0, 3.0, 100.0, 200.0, 4.0, 5.0]
    assert rounds_that_count(ROUNDS) == [0, 2]
    assert counted(ROUNDS) == [ROUNDS[0], ROUNDS[2]]
    assert of_rounds(samples, counted(ROUNDS)).tolist() == [1, 2, 3, 4, 5]
    stats = summarize(samples, ROUNDS)
    assert stats == Stats(p50=3.0, p90=4.6, p99=4.96, mean=3.0, deviation=1.581)
    assert summarize(samples, [Round(0, 7, throttled=True)]) is None
    assert summarize([7.0], [Round(0, 1)]) == Stats(7.0, 7.0, 7.0, 7.0, 0.0)
    (times,) = by_process(samples, ROUNDS)
    np.testing.assert_allclose(times, [6 ** (1 / 3), 20_000**0.5, 20**0.5])


def test_a_turn_counts_where_no_run_was_throttled_and_each_has_answers():
    other = (Round(0, 1), Round(1, 1), Round(2, 1, throttled=True))
    assert rounds_that_count(ROUNDS, other) == [0]
    assert rounds_that_count((*ROUNDS, Round(7, 0))) == [0, 2]


def test_a_typical_time_is_a_mean_that_the_slowest_and_fastest_do_not_move():
    assert typical([1e-9, 2.0, 4.0, 8.0, 1e9]) == pytest.approx(4)
    assert typical([2.0, 8.0]) == pytest.approx(4)
    assert typical([0.0]) == 0
    np.testing.assert_allclose(typical([[2.0, 8.0], [3.0, 27.0]]), [4, 9])


def test_what_slows_an_answer_and_the_reference_kernel_beside_it_falls_out():
    total, reference = [100.0, 150.0, 100.0], [10.0, 15.0, 20.0]
    np.testing.assert_allclose(relative(total, reference), [10, 10, 5])
    np.testing.assert_array_equal(relative(total, ()), total)
    assert np.isfinite(relative([1.0], [0.0])).all()


def noisy(random, rounds, drift):
    return drift * (1 + 0.02 * random.standard_normal(rounds))


def test_a_ratio_of_what_drifts_together_stays_narrow():
    random = np.random.default_rng(1)
    drift = np.exp(np.cumsum(0.1 * random.standard_normal(60)))  # wanders by a factor of two
    ratio = paired_ratio([1.05 * noisy(random, 60, drift)], [noisy(random, 60, drift)])
    assert ratio.low < 1.05 < ratio.high
    assert ratio.low > 1
    assert ratio.high - ratio.low < 0.03


def test_intervals_hold_the_true_ratio_as_often_as_they_say():
    random = np.random.default_rng(2)
    ones = np.ones(25)
    ratios = [
        paired_ratio([noisy(random, 25, ones)], [noisy(random, 25, ones)]) for _ in range(200)
    ]
    held = sum(r.low <= 1 <= r.high for r in ratios)
    assert 180 <= held <= 199


def test_the_same_times_give_the_same_interval():
    times = np.array([1.0, 2.0, 4.0, 8.0])
    assert paired_ratio([times], [times[::-1]]) == paired_ratio([times], [times[::-1]])
    assert str(paired_ratio([2 * times], [times])) == "2.00x (2.00 to 2.00)"


def test_spread_is_a_share_of_the_time():
    assert spread([np.full(20, 7.0)]) == 0
    values = np.random.default_rng(3).normal(100, 10, 400)
    # Half an interval of such a mean of normal values: 1.96 * 1.07 * deviation / sqrt(n).
    assert spread([values]) == pytest.approx(1.96 * 1.07 * 10 / 20 / 100, rel=0.3)


def test_rounds_belong_to_their_processes_and_their_middle_is_the_typical_one_of_those():
    rounds = [Round(at, 1, process=at // 2) for at in range(10)]
    times = by_process([1.0, 4.0, 2.0, 8.0, 3.0, 12.0, 4.0, 16.0, 100.0, 102.0], rounds)
    np.testing.assert_allclose(times, [[1, 4], [2, 8], [3, 12], [4, 16], [100, 102]])
    assert typical_time(times) == pytest.approx((4 * 6 * 8) ** (1 / 3))
    assert typical_time(times[:3]) == pytest.approx((2 * 3 * 4 * 8) ** (1 / 4))  # of all rounds


def test_intervals_of_unlike_processes_hold_the_true_ratio():
    random = np.random.default_rng(4)

    def processes():
        return [random.normal(1, 0.01) * random.normal(1, 0.005, 20) for _ in range(8)]

    def held(ratio):
        return ratio.low <= 1 <= ratio.high

    drawn = [(processes(), processes()) for _ in range(200)]
    by_processes = sum(held(paired_ratio(*each)) for each in drawn)
    by_rounds = sum(held(paired_ratio(*([np.concatenate(one)] for one in each))) for each in drawn)
    assert 170 <= by_processes <= 199  # a bootstrap of eight is a little too sure
    assert by_rounds < by_processes - 15
