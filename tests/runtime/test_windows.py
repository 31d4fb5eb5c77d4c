"""Windows cover a text evenly, and tell which token is seen best where."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebert.errors import EdgebertError
from edgebert.runtime.windows import Window, context, windows


@given(st.integers(0, 3000), st.integers(1, 130), st.data())
def test_windows_are_full_even_and_as_few_as_the_stride_allows(tokens, room, data):
    stride = data.draw(st.integers(1, room))
    spread = windows(tokens, room, stride)
    assert spread[0].start == 0
    assert spread[-1].end == tokens
    assert all(end - start == min(room, tokens) for start, end in spread)
    steps = [b.start - a.start for a, b in pairwise(spread)]
    assert all(1 <= step <= stride for step in steps)
    assert not steps or max(steps) - min(steps) <= 1
    assert (len(spread) - 2) * stride < max(0, tokens - room) or len(spread) == 1


@pytest.mark.parametrize("stride", [0, -1, 11, 2.0, True, None])
def test_a_stride_that_does_not_fit_is_refused(stride):
    with pytest.raises(EdgebertError, match="a whole number from 1 to 10"):
        windows(100, 10, stride)


def test_context_is_that_of_the_poorer_side():
    assert context(Window(20, 25)).tolist() == [0, 1, 2, 1, 0]
    assert context(Window(3, 3)).tolist() == []
