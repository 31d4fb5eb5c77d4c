"""Labels and values: how predictions compare with what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from edgebert.errors import EdgebertError

Values: TypeAlias = npt.NDArray[np.float64]
Labels: TypeAlias = Sequence[str] | npt.NDArray[np.generic]
Scores: TypeAlias = Sequence[float] | Values


def accuracy(expected: Labels, predicted: Labels) -> float:
    """Share of predictions that are as expected, 0 to 1.

    Raises:
        EdgebertError: no values, or not as many of one as of the other.
    """
    _check_lengths(len(expected), len(predicted), least=1)
    return float(np.mean(np.asarray(expected) == np.asarray(predicted)))


def macro_f1(expected: Labels, predicted: Labels) -> float:
    """Mean over the expected labels of each one's F1, 0 to 1, however rare the label.

    A label that is predicted and never expected counts by the labels in whose place it stands. With
    an F1 of its own, 0, it would drop out of some bootstrap draws and lift them above the estimate.

    Raises:
        EdgebertError: as `accuracy`.
    """
    confusion = _confusion(expected, predicted)
    met = confusion.sum(axis=1) > 0
    both = confusion.sum(axis=0) + confusion.sum(axis=1)
    return float(np.mean(2 * np.diagonal(confusion)[met] / both[met]))


def multi_label_f1(expected: Values, predicted: Values) -> tuple[float, float]:
    """F1 of independent labels, 0 to 1: of all decisions together (micro), mean of labels (macro).

    The mean is over the expected labels, as in `macro_f1`.

    Args:
        expected: 1 where a row has a label, else 0, [n, K].
        predicted: the same.

    Raises:
        EdgebertError: no label is expected or predicted.
    """
    _check_lengths(len(expected), len(predicted), least=1)
    hits = (expected * predicted).sum(axis=0)
    both = expected.sum(axis=0) + predicted.sum(axis=0)
    met = expected.sum(axis=0) > 0
    if not both.any():
        raise EdgebertError("no F1: no row has a label, and none is predicted")
    if not met.any():
        return 0.0, 0.0
    return float(2 * hits.sum() / both.sum()), float(np.mean(2 * hits[met] / both[met]))


def matthews(expected: Labels, predicted: Labels) -> float:
    """Matthews' correlation of labels, -1 to 1; 0 where one side knows a single label.

    For more than two labels as in Gorodkin 2004 (doi:10.1016/j.compbiolchem.2004.09.006).

    Raises:
        EdgebertError: as `accuracy`.
    """
    confusion = _confusion(expected, predicted)
    total, hits = confusion.sum(), np.trace(confusion)
    of_expected, of_predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    spread = (total**2 - of_expected @ of_expected) * (total**2 - of_predicted @ of_predicted)
    covariance = hits * total - of_expected @ of_predicted
    return float(covariance / np.sqrt(spread)) if spread else 0.0


def pearson(expected: Scores, predicted: Scores) -> float:
    """Pearson's correlation of two lists of values, -1 to 1.

    Raises:
        EdgebertError: fewer than two values, a list whose values are all the same or not all
            finite, or lists of different length.
    """
    return _correlation(_values(expected), _values(predicted))


def spearman(expected: Scores, predicted: Scores) -> float:
    """Spearman's rank correlation, -1 to 1; equal values share the mean of their ranks.

    Raises:
        EdgebertError: as `pearson`.
    """
    return _correlation(ranks(_values(expected)), ranks(_values(predicted)))


def cosine(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    """Cosine of the angle between two vectors [H]; 0 where one of them is all zeros."""
    lengths = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    return float(one @ other) / lengths if lengths else 0.0


def _confusion(expected: Labels, predicted: Labels) -> Values:
    """How often each label was expected (row) and predicted (column)."""
    _check_lengths(len(expected), len(predicted), least=1)
    both = np.concatenate([np.asarray(expected), np.asarray(predicted)])
    labels, codes = np.unique(both, return_inverse=True)
    rows, columns = np.split(codes, 2)
    counts = np.bincount(rows * len(labels) + columns, minlength=len(labels) ** 2)
    return counts.reshape(len(labels), len(labels)).astype(np.float64)


def ranks(values: Values) -> Values:
    """Ranks from 1 on, ascending; equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Values = (last - (counts - 1) / 2)[place]
    return ranks


def _correlation(expected: Values, predicted: Values) -> float:
    _check_lengths(len(expected), len(predicted), least=2)
    centred = [values - values.mean() for values in (expected, predicted)]
    lengths = [float(np.linalg.norm(values)) for values in centred]
    for values, name in ((expected, "expected"), (predicted, "predicted")):
        if values.min() == values.max():
            raise EdgebertError(f"no correlation: all {name} values are the same")
    # Rounding can take a perfect correlation just past 1.
    return float(np.clip(centred[0] @ centred[1] / (lengths[0] * lengths[1]), -1.0, 1.0))


def _values(values: Scores) -> Values:
    array = np.asarray(values, np.float64)
    if not np.isfinite(array).all():
        raise EdgebertError("no correlation: there are values that are not finite")
    return array


def _check_lengths(expected: int, predicted: int, *, least: int) -> None:
    if expected != predicted:
        raise EdgebertError(f"{expected} expected values and {predicted} predictions: not as many")
    if expected < least:
        raise EdgebertError(f"{expected} labelled rows; {least} or more are needed")
