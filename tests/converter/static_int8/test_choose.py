"""The greedy search leaves as few layers dynamic as the budget needs, the costliest first."""

import pytest

from edgebert.converter.static_int8.choose import choose_dynamic
from edgebert.errors import CheckFailedError
from edgebert.progress import silent

COSTS = {"a": 0.001, "b": 0.010, "c": 0.004}


def loss(dynamic):
    return 0.002 + sum(cost for name, cost in COSTS.items() if name not in dynamic)


@pytest.mark.parametrize(
    ("most", "dynamic"), [(0.02, ""), (0.01, "b"), (0.0035, "bc"), (0.0025, "bca")]
)
def test_the_costliest_go_first_until_it_is_little_enough(most, dynamic):
    choice = choose_dynamic(list(COSTS), loss, most, silent)
    assert [name for name, _ in choice.dynamic] == list(dynamic)
    assert choice.loss <= most
    assert choice.all_static == loss(frozenset())
    assert dict(choice.dynamic) == pytest.approx({name: COSTS[name] for name in dynamic})


def test_within_the_budget_nothing_else_is_measured():
    asked = []

    def counted(dynamic):
        asked.append(dynamic)
        return loss(dynamic)

    choose_dynamic(list(COSTS), counted, 0.5, silent)
    assert asked == [frozenset()]


def test_a_budget_below_what_dynamic_layers_lose_is_refused():
    with pytest.raises(CheckFailedError, match=r"0\.0020 of cosine, more than the 0\.001"):
        choose_dynamic(list(COSTS), loss, 0.001, silent)
