"""What values a model computes on real text: their ranges, and the peaks that rules are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebert.arrays import Array
from edgebert.converter.full_integer.emitter import Value
from edgebert.converter.full_integer.observer import Activations
from edgebert.converter.full_integer.storage import IntegerName, Range
from edgebert.converter.full_integer.transforms import TransformedModel

NEGLIGIBLE = 10.0
"""A score lower than a row's largest by more has a probability below int8's half step, by far.
Padding's scores are cut off there, whether or not any token's score is as low."""

WITHIN: Mapping[IntegerName, float] = MappingProxyType({"int8": 95.0, "int16": 100.0})
"""Per cent of the texts that stay within a range. The few that reach furthest would make the steps
of int8 wider for all, and lose less by being cut off; int16 has steps enough. The output is never
cut off."""

MASKED = ".masked"
_SCORES = ".scores"
PLACES = "embeddings.places"
"""The sum of what position and segment add to a word."""

JOINED, CONTEXT = ".skip.sum", ".context"
"""Endings of two values that a concatenation joins, which takes one storage."""


@dataclass(frozen=True)
class Peaks:
    """Largest magnitudes of the values with a row a token, by name of the value.

    Attributes:
        first: of each channel, in the first row [H].
        rest: of each channel, in all other rows [H].
        scores: largest of any score, padding's included.
        lowest_best: least of the largest scores of the rows.
    """

    first: Mapping[str, Array]
    rest: Mapping[str, Array]
    scores: float
    lowest_best: float


def peaks(observed: Iterable[Activations], names: Sequence[str]) -> Peaks:
    """The peaks of some values, [n, 1, H] each, and those of all scores."""
    first: dict[str, Array] = {}
    rest: dict[str, Array] = {}
    scores, lowest_best = 0.0, np.inf
    for each in observed:
        for name in names:
            rows = np.abs(each.values[name][: each.tokens, 0])
            first[name] = np.maximum(first.get(name, 0), rows[0])
            if len(rows) > 1:
                rest[name] = np.maximum(rest.get(name, 0), rows[1:].max(axis=0))
        for name, value in each.values.items():
            if name.endswith(_SCORES):
                rows = value[:, : each.tokens]
                scores = max(scores, float(np.abs(rows).max()))
                best = rows[:, :, : each.tokens].max(axis=-1)
                lowest_best = min(lowest_best, float(best.min()))
    return Peaks(first, rest, scores, lowest_best)


def ranges(
    observed: Iterable[Activations],
    values: Sequence[Value],
    mask: float,
    activations: IntegerName = "int8",
    *,
    soft_mask: bool,
) -> dict[str, Range]:
    """Least and largest number of each value over the rows of real tokens, in most of the texts.

    Args:
        observed: what the float graph computed.
        values: of the graph.
        mask: taken from padding's scores.
        activations: type of the values (`WITHIN`).
        soft_mask: whether scores that no probability comes of may be cut off; padding's are, then.
    """
    low: dict[str, list[float]] = {value.name: [] for value in values}
    high: dict[str, list[float]] = {value.name: [] for value in values}
    best = dict.fromkeys(high, np.inf)
    for each in observed:
        for value in values:
            numbers = real(value, each)
            low[value.name].append(float(numbers.min()))
            high[value.name].append(float(numbers.max()))
            if value.name.endswith(MASKED):
                least = float(numbers.max(axis=-1).min())
                best[value.name] = min(best[value.name], least)
    spans = {name: _usual(low[name], high[name], WITHIN[activations]) for name in low}
    output = values[-1].name
    spans[output] = min(low[output]), max(high[output])
    for name in spans:
        if name.endswith(MASKED):
            bottom = best[name] - NEGLIGIBLE if soft_mask else min(low[name]) - mask
            spans[name] = (bottom, max(high[name]))
        elif name.endswith(JOINED):
            partner = name.removesuffix(JOINED) + CONTEXT
            spans[name] = spans[partner] = _union(spans[name], spans[partner])
    return spans


def segment_ranges(model: TransformedModel) -> dict[str, Range]:
    """What segments add to the embeddings, known without any text: it may have had no pairs."""
    table = model.weights.get("embeddings.segment")
    if table is None or len(table) == 1:
        return {}
    places = model.weights["embeddings.position"][None] + table[:, None]
    shift = model.weights.get("embeddings.word.shift", np.zeros(1, np.float32))
    return {
        "segments.ends": (0.0, 1.0),
        "segments.counts": (0.0, 1.0),
        "embeddings.segments": (float(table.min()), float(table.max())),
        PLACES: (
            float(places.min() + shift.min()),
            float(places.max() + shift.max()),
        ),
    }


def _usual(lows: Sequence[float], highs: Sequence[float], within: float) -> Range:
    """The range that so many per cent of some texts stay within."""
    return float(np.percentile(lows, 100 - within)), float(np.percentile(highs, within))


def _union(a: Range, b: Range) -> Range:
    return min(a[0], b[0]), max(a[1], b[1])


def real(value: Value, each: Activations) -> npt.NDArray[Any]:
    """The rows of a value that belong to tokens, not to padding."""
    numbers = each.values[value.name]
    for axis in value.tokens:
        if numbers.shape[axis] == each.length:
            numbers = numbers.take(range(each.tokens), axis)
    return numbers
