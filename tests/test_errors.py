"""Messages are one line that any terminal can print."""

import pytest

from edgebert.errors import EdgebertError


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("größer – 東京", "größer – 東京"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\u2028\ud800", r"\u2028\ud800"),
    ],
)
def test_whatever_stands_in_a_message_it_is_one_line(name, shown):
    assert str(EdgebertError(f"x: tensor {name} is missing")) == f"x: tensor {shown} is missing"


def test_of_a_long_message_the_beginning_and_the_end_stay():
    message = str(EdgebertError(f"x: tensor {'a' * 100_000} is missing"))
    assert len(message) < 2100
    assert message.startswith("x: tensor aaa")
    assert message.endswith("aaa is missing")
