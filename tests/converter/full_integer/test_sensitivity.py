"""Groups of values go to int16 in the order of what they gain, and no more than are needed."""

import pytest

from edgebert.converter.full_integer.integer_graph import build
from edgebert.converter.full_integer.sensitivity import HEAD, groups, mix_precision
from edgebert.converter.full_integer.storage import StoragePlan
from edgebert.converter.full_integer.transforms import plain_model
from tests.converter.full_integer.small_models import LENGTH, small_model

ORIGINAL = small_model()


def values():
    transformed = plain_model(ORIGINAL.weights, ORIGINAL.config)
    return build(transformed, ORIGINAL.head, ORIGINAL.interface, LENGTH)[1]


COSTS = {"layers.1.ffn.norm": 0.03, "layers.0.attention": 0.02, "embeddings.norm": 0.01}
LEFT_IN_INT16 = {"layers.1.ffn.norm": 0.015, "layers.0.attention": 0.0001}
"""Of the costs; float32 has none."""


def loss(plan, _):
    """Each group costs something as long as it is int8, some of it in int16."""
    members, found = groups(values()), 0.005
    for name, cost in COSTS.items():
        (kind,) = {plan.kinds.get(value, "int8") for value in members[name]}
        found += {"int8": cost, "int16": LEFT_IN_INT16.get(name, 0), "float32": 0}[kind]
    return found


def test_every_value_but_those_from_tables_is_in_one_group():
    found = groups(values())
    names = [name for members in found.values() for name in members]
    assert len(names) == len(set(names))
    assert set(names) == {value.name for value in values() if value.op != "gather"}
    assert "layers.0.attention" in found["layers.0.attention.norm"]


@pytest.mark.parametrize(
    ("most", "promoted"),
    [
        (0.1, []),
        (0.05, ["layers.0.attention"]),
        (0.04, ["layers.0.attention", "layers.1.ffn.norm"]),
        (0.026, ["layers.0.attention", "layers.1.ffn.norm", "embeddings.norm"]),
        (0.001, ["layers.0.attention", "layers.1.ffn.norm", "embeddings.norm"]),
    ],
)
def test_no_more_groups_are_taken_than_the_loss_asks_for(most, promoted):
    mixed = mix_precision(StoragePlan({}), values(), ("int16",), loss, loss, most)
    assert [gain.group for gain in mixed.promoted] == promoted
    named = {value for name in promoted for value in groups(values())[name]}
    assert mixed.plan.kinds == dict.fromkeys(named, "int16")
    assert mixed.remaining_loss == pytest.approx(loss(mixed.plan, ""))


def test_float_is_taken_only_where_it_gains_clearly_more_than_int16():
    mixed = mix_precision(StoragePlan({}), values(), ("int16", "float32"), loss, loss, 0.006)
    assert [(gain.group, gain.kind) for gain in mixed.promoted] == [
        ("layers.1.ffn.norm", "float32"),
        ("layers.0.attention", "int16"),
        ("embeddings.norm", "int16"),
    ]


def test_the_head_never_becomes_float():
    def head_costs(plan, _):
        return 1 - sum(kind == "float32" for kind in plan.kinds.values()) / 1000

    mixed = mix_precision(
        StoragePlan({}), values(), ("int16", "float32"), head_costs, head_costs, 0.0
    )
    assert HEAD not in {gain.group for gain in mixed.promoted}
    assert len(mixed.promoted) == len(groups(values())) - 1


def test_groups_go_by_the_error_until_the_loss_is_met():
    asked = []

    def metric(plan, what):
        asked.append(what)
        return 0.5 if "embeddings.norm" not in what else 0.0

    mixed = mix_precision(StoragePlan({}), values(), ("int16",), loss, metric, 0.1)
    assert asked == ["int8", "layers.0.attention", "layers.1.ffn.norm", "embeddings.norm"]
    assert mixed.remaining_loss == 0.0
