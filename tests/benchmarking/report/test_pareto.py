"""The Pareto front of a trade-off."""

from hypothesis import given
from hypothesis import strategies as st

from edgebert.benchmarking.report.pareto import front

POINTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=9)


@given(POINTS)
def test_the_front_is_what_nothing_beats(points):
    def beaten(one):
        return any(other[0] <= one[0] and other[1] <= one[1] and other != one for other in points)

    kept = front(points)
    assert {points[index] for index in kept} == {p for p in points if not beaten(p)}
    assert len({points[index] for index in kept}) == len(kept)
