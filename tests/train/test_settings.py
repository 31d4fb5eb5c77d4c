"""Settings out of range are one line; the learning rate rises, then falls to 0."""

import itertools
from dataclasses import replace

import pytest

from edgebert.errors import EdgebertError
from edgebert.train.settings import ResolvedSettings, Settings


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("epochs", 0, "epochs is 0; a whole number from 1"),
        ("batch_size", 2.5, "batch size is 2.5"),
        ("learning_rate", float("nan"), "learning rate is nan; a number from 0 to 1"),
        ("dropout", 0.95, "dropout is 0.95; a number from 0 to 0.9"),
        ("patience", 0, "patience is 0"),
        ("precision", "int8", "precision is 'int8'; accepted: float32, bfloat16"),
        ("qat", "int4", "qat is 'int4'; accepted: int8, int8-full"),
        ("prune", 0.96, "prune is 0.96; a number from 0 to 0.95"),
        ("prune", -0.1, "prune is -0.1; a number from 0 to 0.95"),
    ],
)
def test_values_out_of_range_are_refused(name, value, said):
    with pytest.raises(EdgebertError, match=said):
        Settings(**{name: value})


def test_rounding_takes_float32_alone():
    with pytest.raises(EdgebertError, match="qat rounds float32, not bfloat16: leave one"):
        Settings(qat="int8", precision="bfloat16")


def test_rate_rises_to_the_highest_and_falls_to_nothing():
    settings = ResolvedSettings(epochs=1, batch_size=8, learning_rate=1.0, dropout=0.0, warmup=0.1)
    rates = [settings.learning_rate_at(step, 100) for step in range(100)]
    assert rates[:10] == pytest.approx([0.1 * step for step in range(1, 11)])
    assert rates[10] == pytest.approx(1.0)
    assert rates[99] == pytest.approx(1 / 90)
    assert all(one > other for one, other in itertools.pairwise(rates[10:]))
    assert replace(settings, warmup=0.0).learning_rate_at(0, 3) == 1.0
    assert replace(settings, warmup=1.0).learning_rate_at(2, 3) == 1.0


def test_what_may_be_left_out_is_resolved_before_a_run():
    assert Settings().epochs is None
    complete = {"epochs": 1, "batch_size": 8, "learning_rate": 1e-3, "dropout": 0.0}
    for name in complete:
        with pytest.raises((EdgebertError, TypeError)):
            ResolvedSettings(**{**complete, name: None})
