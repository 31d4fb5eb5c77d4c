"""Labels beside points of a chart, put where they touch nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LETTER_WIDTH = 6.4
LINE_HEIGHT = 13.0
_GAP = 4.0


@dataclass(frozen=True)
class Box:
    """A rectangle, in the units of the chart; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether the two overlap."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, other: Box) -> bool:
        """Whether the other lies within."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and self.right >= other.right
            and self.bottom >= other.bottom
        )


@dataclass(frozen=True)
class Label:
    """Text that belongs to a mark.

    Attributes:
        x: middle of the mark.
        y: middle of the mark.
        radius: of the mark; the text stays clear of it.
    """

    x: float
    y: float
    radius: float
    text: str


def place(
    wanted: Sequence[Label], within: Box, taken: Sequence[Box]
) -> list[tuple[float, float] | None]:
    """Where each label begins (left end of its baseline), or None where it finds no room.

    Tried right of its mark, then left, above and below; earlier labels come first.

    Args:
        wanted: the labels, the most important first.
        within: no label leaves it.
        taken: no label touches these.
    """
    occupied = list(taken)
    found: list[tuple[float, float] | None] = []
    for label in wanted:
        free = (
            box
            for box in _candidates(label)
            if within.holds(box) and not any(map(box.meets, occupied))
        )
        box = next(free, None)
        found.append(None if box is None else (box.left, box.bottom - 3))
        if box is not None:
            occupied.append(box)
    return found


def _candidates(label: Label) -> Iterator[Box]:
    width, away = LETTER_WIDTH * len(label.text), label.radius + _GAP
    right, left = label.x + away, label.x - away - width
    above, below = label.y - away - LINE_HEIGHT, label.y + away
    middle, level = label.x - width / 2, label.y - LINE_HEIGHT / 2
    corners = (
        (right, level), (left, level), (middle, above), (middle, below),
        (label.x, above), (label.x, below), (label.x - width, above), (label.x - width, below),
    )  # fmt: skip
    return (Box(x, y, x + width, y + LINE_HEIGHT) for x, y in corners)
