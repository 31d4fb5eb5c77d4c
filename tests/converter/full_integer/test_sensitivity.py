"""Groups of values go to int16 in the order of what they gain, and no more than are needed."""

import pytest

from edgebert.converter.full_integer.form import plain_form
from edgebert.converter.full_integer.integer_graph import build
from edgebert.converter.full_integer.sensitivity import groups, mix
from edgebert.converter.full_integer.storage import StoragePlan
from tests.converter.full_integer.small_models import LENGTH, small_model

ORIGINAL = small_model()


def values():
    form = plain_form(ORIGINAL.weights, ORIGINAL.config)
    return build(form, ORIGINAL.head, ORIGINAL.interface, LENGTH)[1]


COSTS = {"layers.1.ffn.norm": 0.03, "layers.0.attention": 0.02, "embeddings.norm": 0.01}


def loss(plan, _):
    """Each group costs something as long as it is int8."""
    members = groups(values())
    return 0.005 + sum(cost for name, cost in COSTS.items() if not members[name] <= plan.other)


def test_every_value_but_those_from_tables_is_in_one_group():
    found = groups(values())
    names = [name for members in found.values() for name in members]
    assert len(names) == len(set(names))
    assert set(names) == {value.name for value in values() if value.op != "gather"}
    assert "layers.0.attention" in found["layers.0.attention.norm"]


@pytest.mark.parametrize(
    ("most", "taken"),
    [
        (0.1, []),
        (0.04, ["layers.1.ffn.norm"]),
        (0.02, ["layers.1.ffn.norm", "layers.0.attention"]),
        (0.006, list(COSTS)),
        (0.001, list(COSTS)),
    ],
)
def test_no_more_groups_are_taken_than_the_loss_asks_for(most, taken):
    mixture = mix(StoragePlan({}), values(), loss, most)
    assert list(mixture.groups) == taken
    assert mixture.plan.other == frozenset().union(*(groups(values())[name] for name in taken))
    assert mixture.loss == pytest.approx(loss(mixture.plan, ""))
