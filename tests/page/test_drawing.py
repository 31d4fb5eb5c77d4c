"""What charts are made of: axes, labels, markup, figures in words."""

from itertools import combinations, pairwise
from math import isfinite

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edgebert.formatting import clean, number, plain
from edgebert.page.axis import Axis
from edgebert.page.labels import LETTER_WIDTH, LINE_HEIGHT, Box, Label, place
from edgebert.page.markup import Markup, element
from tests.benchmarking.reports import HOSTILE

MAGNITUDES = st.floats(0, 1e12, allow_subnormal=False).filter(lambda v: v == 0 or v > 1e-9)


@given(st.lists(MAGNITUDES, min_size=1, max_size=9), st.booleans())
def test_every_value_lies_on_its_axis(values, from_zero):
    axis = Axis.over("ms", values, from_zero=from_zero)
    assert all(-1e-9 <= axis.share(value) <= 1 + 1e-9 for value in values)
    assert axis.share(axis.low) == 0
    assert axis.share(axis.high) == pytest.approx(1)
    assert len(axis.ticks) <= 8
    assert all(-1e-6 <= axis.share(tick) <= 1 + 1e-6 for tick in axis.ticks)


@given(st.lists(MAGNITUDES, min_size=2, max_size=9))
def test_larger_values_lie_further(values):
    assume(max(values) > min(values) * 1.001)
    axis = Axis.over("ms", values)
    assert axis.share(max(values)) > axis.share(min(values))
    assert all(one < other for one, other in pairwise(axis.ticks))


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0.05, 0.3, 4], ["0.1", "0.3", "1", "3"]),
        ([0.078, 0.9], ["0.1", "0.2", "0.5", "1"]),
        ([1, 2], ["1", "1.2", "1.4", "1.6", "1.8", "2"]),
        ([16, 128], ["50", "100"]),
        ([20_000, 3_000_000], ["30,000", "100,000", "300,000", "1,000,000", "3,000,000"]),
    ],
)
def test_ticks_are_round_numbers(values, ticks):
    assert [plain(tick) for tick in Axis.over("ms", values).ticks] == ticks


@given(
    st.lists(
        st.builds(
            Label,
            st.floats(50, 350),
            st.floats(10, 230),
            st.floats(3, 18),
            st.text("abc", min_size=1, max_size=24),
        ),
        max_size=20,
    )
)  # fmt: skip
def test_labels_touch_neither_each_other_nor_the_edge(labels):
    within = Box(48, 0, 360, 234)
    marks = [Box(one.x - one.radius, one.y - one.radius, one.x + one.radius, one.y + one.radius)
             for one in labels]  # fmt: skip
    found = place(labels, within, marks)
    boxes = [
        Box(x, y + 3 - LINE_HEIGHT, x + LETTER_WIDTH * len(label.text), y + 3)
        for label, (x, y) in ((label, at) for label, at in zip(labels, found, strict=True) if at)
    ]
    assert all(within.holds(box) for box in boxes)
    assert not any(one.meets(other) for one, other in combinations(boxes, 2))
    assert not any(box.meets(mark) for box in boxes for mark in marks)


def test_a_label_alone_stands_right_of_its_mark():
    assert place([Label(100, 100, 5, "mini")], Box(0, 0, 360, 234), []) == [(109, 103.5)]


@given(st.text())
def test_text_is_escaped_and_markup_is_not(text):
    page = element("p", text, element("b", "x"), title=text)
    assert page.startswith("<p title=")
    assert page.endswith("<b>x</b></p>")
    inside = page.removesuffix("<b>x</b></p>").partition(">")[2]
    assert "<" not in inside
    assert page.isprintable()


def test_text_in_attributes_is_cut_and_markup_is_whole():
    long = "1,2 " * 1000
    assert len(element("p", title=long)) < 2100
    assert element("p", points=Markup(long)) == f'<p points="{long}"></p>'


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"), (0, "0"), (0.0451, "0.0451"), (0.00999999, "0.0100"), (2.6, "2.60"),
        (99.96, "100"), (1204.4, "1,204"), (-0.5, "-0.500"), (438e6, "438,000,000"),
    ],
)  # fmt: skip
def test_three_digits(value, shown):
    assert number(value) == shown


@given(st.floats(1e-9, 1e14))
def test_numbers_are_right_to_three_digits(value):
    assert float(number(value).replace(",", "")) == pytest.approx(value, rel=0.0051)
    assert isfinite(float(plain(value).replace(",", "")))


@pytest.mark.parametrize(
    ("value", "written"), [(0.0002, "2e-4"), (0.00015, "1.5e-4"), (0.05, "0.05"), (1e3, "1,000")]
)
def test_ticks_are_short(value, written):
    assert plain(value) == written


def test_clean_text_is_short_and_printable():
    assert clean(HOSTILE).isprintable()
    assert clean("x" * 9, limit=5) == "xxxx…"
    assert clean("déjà vu 漢字") == "déjà vu 漢字"
