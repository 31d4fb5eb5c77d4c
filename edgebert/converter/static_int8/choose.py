"""Chooses the dense layers that stay dynamic, so that a file loses no more than it may."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from edgebert.errors import CheckFailedError
from edgebert.progress import Progress

Loss: TypeAlias = Callable[[frozenset[str]], float]
"""What the answers lose when these layers are dynamic."""


@dataclass(frozen=True)
class DynamicLayers:
    """Which layers stay dynamic; see `report.StaticReport`."""

    loss: float
    all_static: float
    dynamic: tuple[tuple[str, float], ...] = ()


def choose_dynamic(
    names: Sequence[str], loss: Loss, most: float, progress: Progress
) -> DynamicLayers:
    """As few layers as a greedy search finds: those first that cost most on their own.

    Args:
        names: of the layers that can be static.
        loss: measures.
        most: that may be lost.
        progress: told how far the search is.

    Raises:
        CheckFailedError: more is lost even when all are dynamic.
    """
    all_static = loss(frozenset())
    if all_static <= most:
        return DynamicLayers(all_static, all_static)
    gains = {}
    for done, name in enumerate(names, 1):
        gains[name] = all_static - loss(frozenset({name}))
        progress(done, len(names), "what each layer costs")
    left = all_static
    chosen: list[tuple[str, float]] = []
    for name in sorted(names, key=lambda name: -gains[name]):
        chosen.append((name, gains[name]))
        left = loss(frozenset(name for name, _ in chosen))
        if left <= most:
            return DynamicLayers(left, all_static, tuple(chosen))
    raise CheckFailedError(
        f"with all dense layers dynamic it still loses {left:.4f} of cosine, more than the "
        f"{most:g} of --max-loss; nothing was written. Allow more, or use --quantize float16"
    )
