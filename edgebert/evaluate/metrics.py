"""Accuracy and correlations of predictions with what was expected."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgebert.errors import EdgebertError

_Values = npt.NDArray[np.float64]


def accuracy(expected: Sequence[str], predicted: Sequence[str]) -> float:
    """Share of predictions that are as expected, 0 to 1.

    Raises:
        EdgebertError: no values, or not as many of one as of the other.
    """
    _check_lengths(len(expected), len(predicted), least=1)
    hits = sum(one == other for one, other in zip(expected, predicted, strict=True))
    return hits / len(expected)


def pearson(expected: Sequence[float], predicted: Sequence[float]) -> float:
    """Pearson's correlation of two lists of values, -1 to 1.

    Raises:
        EdgebertError: fewer than two values, a list whose values are all the same or not all
            finite, or lists of different length.
    """
    return _correlation(_values(expected), _values(predicted))


def spearman(expected: Sequence[float], predicted: Sequence[float]) -> float:
    """Spearman's rank correlation, -1 to 1; equal values share the mean of their ranks.

    Raises:
        EdgebertError: as `pearson`.
    """
    return _correlation(_ranks(_values(expected)), _ranks(_values(predicted)))


def cosine(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    """Cosine of the angle between two vectors [H]; 0 where one of them is all zeros."""
    lengths = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    return float(one @ other) / lengths if lengths else 0.0


def _ranks(values: _Values) -> _Values:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: _Values = (last - (counts - 1) / 2)[place]
    return ranks


def _correlation(expected: _Values, predicted: _Values) -> float:
    _check_lengths(len(expected), len(predicted), least=2)
    centred = [values - values.mean() for values in (expected, predicted)]
    lengths = [float(np.linalg.norm(values)) for values in centred]
    for values, name in ((expected, "expected"), (predicted, "predicted")):
        if values.min() == values.max():
            raise EdgebertError(f"no correlation: all {name} values are the same")
    # Rounding can take a perfect correlation just past 1.
    return float(np.clip(centred[0] @ centred[1] / (lengths[0] * lengths[1]), -1.0, 1.0))


def _values(values: Sequence[float]) -> _Values:
    array = np.asarray(values, np.float64)
    if not np.isfinite(array).all():
        raise EdgebertError("no correlation: there are values that are not finite")
    return array


def _check_lengths(expected: int, predicted: int, *, least: int) -> None:
    if expected != predicted:
        raise EdgebertError(f"{expected} expected values and {predicted} predictions: not as many")
    if expected < least:
        raise EdgebertError(f"{expected} labelled rows; {least} or more are needed")
