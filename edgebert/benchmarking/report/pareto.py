"""The Pareto front: what nothing else beats in one respect without losing in another."""

from __future__ import annotations

from collections.abc import Sequence


def front(costs: Sequence[tuple[float, float]]) -> list[int]:
    """Indices of the points that no other point dominates, by rising first cost.

    A point dominates another if it costs no more in both respects and less in one. Of equal
    points the first counts.

    Args:
        costs: two figures a point, of which less is better; negate what should be large.
    """
    kept: list[int] = []
    for index in sorted(range(len(costs)), key=lambda index: costs[index]):
        if not kept or costs[index][1] < costs[kept[-1]][1]:
            kept.append(index)
    return kept
