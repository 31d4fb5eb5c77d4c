"""When a classifier says that it is not sure: calibrated scores, and two bars that they must pass.

Labels that are independent of each other, spans and answers to questions have the bar of the score
alone, and need nothing of this.

A temperature (Guo et al. 2017, arXiv:1706.04599) makes a score the chance to be right. An answer
is withheld where its score is too low, or where its text does not look like one of the label. The
sign of that is the energy of the logits (Liu et al. 2020, arXiv:2010.03759), taken from their
mean: minus the mean logarithm of the probabilities. Texts out of scope leave all logits near each
other. How high the energy is otherwise depends on the label, whose own mean is subtracted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from edgebert.errors import EdgebertError

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgebert.model_file.abstention_rule import Abstention

LEAST = 1e-12
"""Probabilities below it count as this: whole-number files round to 0."""


Judge: TypeAlias = "Callable[[npt.NDArray[Any]], tuple[list[float], int, bool]]"
"""From the probabilities [K] that a model gives of a text to the calibrated scores [K], the number
of the best label, and whether the answer is not to be relied on."""


def check_rule(rule: Abstention, labels: int) -> None:
    """Raises EdgebertError unless a rule, which may come from anywhere, fits so many labels."""
    if len(rule.energies) != labels:
        raise EdgebertError(
            f"damaged: its rule of when to abstain is for {len(rule.energies)} labels; "
            f"it has {labels}"
        )
    if not (isfinite(rule.temperature) and rule.temperature > 0):
        raise EdgebertError(f"damaged: its temperature is {rule.temperature}; it is above 0")


def judging(rule: Abstention) -> Judge:
    """Gives a function that applies a rule."""
    # Each call of numpy is a four-hundredth of a small model's answer, one with a Python number in
    # it a two-hundredth: hence constants as arrays, products in place of sums, and plain tuples.
    energies, count = rule.energies, len(rule.energies)
    values = LEAST, 1 / rule.temperature, 1, -1 / count
    least, cooler, each, mean = (np.full(count, value, np.float32) for value in values)
    min_score, min_scope = rule.min_score, rule.min_scope
    log, maximum, exp = np.log, np.maximum, np.exp

    def judge(output: npt.NDArray[Any]) -> tuple[list[float], int, bool]:
        logs = log(maximum(output, least))
        grown = exp(logs * cooler)
        scores: list[float] = (grown / float(grown.dot(each))).tolist()
        best = int(output.argmax())
        near = float(logs.dot(mean)) - energies[best]
        return scores, best, scores[best] < min_score or near < min_scope

    return judge


def calibrated(scores: npt.NDArray[Any], temperature: float) -> npt.NDArray[np.float64]:
    """Probabilities [..., K] as if their logits had been divided by the temperature."""
    grown = np.maximum(scores, LEAST, dtype=np.float64) ** (1 / temperature)
    return np.asarray(grown / grown.sum(axis=-1, keepdims=True))


def energy(scores: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Minus the mean logarithm of probabilities [..., K]."""
    return np.asarray(-np.log(np.maximum(scores, LEAST, dtype=np.float64)).mean(axis=-1))


def scope(scores: Iterable[float], rule: Abstention | None) -> float:
    """How much a text looks like one of the labels, from the scores of its answer.

    Without a rule it is their energy; with one, that of the model's own probabilities above the
    mean of the label.
    """
    given = np.fromiter(scores, np.float64)
    if rule is None:
        return float(energy(given))
    own = calibrated(given, 1 / rule.temperature)
    return float(energy(own)) - rule.energies[int(own.argmax())]
