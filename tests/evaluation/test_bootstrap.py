import numpy as np
import pytest

from edgebert.errors import EdgebertError
from edgebert.evaluation.bootstrap import RESAMPLES, draw, interval


def mean(figures):
    return float(figures[:, 0].mean())


def column(*values):
    return np.array(values, np.float64)[:, None]


def test_an_interval_is_that_of_scipys_bootstrap():
    stats = pytest.importorskip("scipy.stats")
    values = np.random.default_rng(1).exponential(size=80)
    (drawn,) = draw({"mean": mean}, [values[:, None]])
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=5000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    spread = theirs.high - theirs.low
    assert interval(drawn["mean"]) == pytest.approx(tuple(theirs), abs=0.1 * spread)


def test_draws_are_the_same_every_time():
    values = column(1, 2, 3, 4, 5)
    (one,), (other,) = (draw({"mean": mean}, [values]) for _ in range(2))
    assert len(one["mean"]) == RESAMPLES
    np.testing.assert_array_equal(one["mean"], other["mean"])


def test_models_are_drawn_in_pairs():
    values = column(*range(50))
    one, other = draw({"mean": mean}, [values + 0.25, values])
    assert interval(one["mean"] - other["mean"]) == pytest.approx((0.25, 0.25))
    assert np.ptp(one["mean"]) > 5


def test_draws_without_a_value_do_not_count():
    def strict(figures):
        if figures.max() > 1:
            raise EdgebertError("no value")
        return 1.0

    (drawn,) = draw({"strict": strict}, [column(1, 2)])
    assert 0 < np.isnan(drawn["strict"]).sum() < RESAMPLES
    assert interval(drawn["strict"]) == (1, 1)
    (drawn,) = draw({"strict": strict}, [column(2)])
    assert np.isnan(interval(drawn["strict"])).all()
