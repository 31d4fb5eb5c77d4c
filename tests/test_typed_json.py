"""Values from outside to dataclasses: what fits, and how what does not is named."""

from dataclasses import dataclass, field
from typing import Literal

import pytest

from edgebert.errors import EdgebertError
from edgebert.typed_json import from_json


@dataclass(frozen=True)
class Inner:
    number: int
    share: float | None = None


@dataclass(frozen=True)
class Outer:
    kind: Literal["a", "b"] | None
    inner: Inner
    many: tuple[Inner, ...] = ()
    named: dict[str, int] = field(default_factory=dict)
    on: bool = False


GOOD = {
    "kind": "a",
    "inner": {"number": 1, "share": 2, "unknown": "passed over"},
    "many": [{"number": 3, "share": 0.5}],
    "named": {"x": 4},
}


def test_values_that_fit():
    found = from_json(Outer, GOOD, "thing")
    assert found == Outer("a", Inner(1, 2.0), (Inner(3, 0.5),), {"x": 4})
    assert type(found.inner.share) is float
    assert from_json(Outer, {"kind": None, "inner": {"number": 1}}, "thing").kind is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "c"}, r"thing\.kind is 'c', which does not fit"),
        ({"inner": {}}, r"thing\.inner\.number is missing"),
        ({"inner": {"number": True}}, r"thing\.inner\.number is 'True'"),
        ({"inner": {"number": 1.0}}, r"thing\.inner\.number is '1\.0'"),
        ({"inner": []}, r"thing\.inner is '\[\]'"),
        ({"many": {}}, r"thing\.many is"),
        ({"many": [{"number": 1}, {"number": "1"}]}, r"thing\.many\[1\]\.number is '1'"),
        ({"named": {"x": "1"}}, r"thing\.named\.x is '1'"),
        ({"on": 1}, r"thing\.on is '1'"),
        ({"kind": "x" * 1000}, r"thing\.kind is 'x{40}', which"),
    ],
)
def test_values_that_do_not_fit_are_named(change, message):
    with pytest.raises(EdgebertError, match=message):
        from_json(Outer, {**GOOD, **change}, "thing")


def test_what_is_no_object():
    with pytest.raises(EdgebertError, match="thing is '7'"):
        from_json(Outer, 7, "thing")


def test_a_number_too_large_for_a_float_does_not_fit():
    with pytest.raises(EdgebertError, match=r"inner\.share"):
        from_json(Inner, {"number": 1, "share": 10**400}, "inner")
    assert from_json(Inner, {"number": 1, "share": 10**300}, "inner").share == 1e300
