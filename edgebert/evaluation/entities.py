"""Entities in tagged words, and precision, recall and F1 of finding them.

Counted as CoNLL's scorer and seqeval's default mode do: an entity is found where its label, its
first word and its last word are all right. seqeval itself has had no release since 2020, comes as
a source archive only and would bring scikit-learn and scipy to a Pi for the sixty lines below; the
tests hold them equal to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Counts: TypeAlias = npt.NDArray[np.float64]
"""Rows of `EntityCounts`, one a sentence: [n, 3]."""

OUTSIDE = "O"
_OPENS, _CLOSES = "BSU", "ESLU"
_PREFIXES = frozenset("BIESLU")


class Entity(NamedTuple):
    """What lies from word `first` to word `last`, both included."""

    label: str
    first: int
    last: int


class EntityCounts(NamedTuple):
    """Of one sentence: how many entities there are, were predicted, and were found rightly."""

    expected: int
    predicted: int
    found: int


def is_tag(tag: str) -> bool:
    """Whether a tag is `O`, or has one of `B-`, `I-`, `E-`, `S-`, `L-`, `U-` before a label."""
    return tag == OUTSIDE or (tag[:1] in _PREFIXES and tag[1:2] == "-" and len(tag) > 2)


def entities_of(tags: Sequence[str]) -> set[Entity]:
    """The entities of a sentence tagged in IO, IOB1, BIO, BIOES or BILOU.

    An entity begins where the label changes, at every B-, S- and U-, and after E-, S-, L- and U-.

    Args:
        tags: for which `is_tag` holds, one a word.
    """
    found = set()
    first, before = 0, OUTSIDE
    for at, tag in enumerate([*tags, OUTSIDE]):
        if before != OUTSIDE and _breaks(before, tag):
            found.add(Entity(before[2:], first, at - 1))
        if tag != OUTSIDE and _breaks(before, tag):
            first = at
        before = tag
    return found


def count(expected: set[Entity], predicted: set[Entity]) -> EntityCounts:
    """Compares what is there with what was predicted."""
    return EntityCounts(len(expected), len(predicted), len(expected & predicted))


def precision(counts: Counts) -> float:
    """Share of the predicted entities that are right; 0 where none was predicted."""
    _, predicted, found = counts.sum(axis=0)
    return float(found / predicted) if predicted else 0.0


def recall(counts: Counts) -> float:
    """Share of the entities that were found; 0 where there are none."""
    expected, _, found = counts.sum(axis=0)
    return float(found / expected) if expected else 0.0


def f1(counts: Counts) -> float:
    """Harmonic mean of precision and recall; 0 where nothing is expected or predicted."""
    expected, predicted, found = counts.sum(axis=0)
    return float(2 * found / (expected + predicted)) if expected + predicted else 0.0


def _breaks(before: str, tag: str) -> bool:
    """Whether two neighbours are not of one entity."""
    return before[2:] != tag[2:] or before[0] in _CLOSES or tag[0] in _OPENS
