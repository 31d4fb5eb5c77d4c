"""Fits the rule of when a classifier abstains, on what the finished file says of labelled texts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edgebert.errors import CheckFailedError, EdgebertError
from edgebert.evaluation.data import DataSet, open_data
from edgebert.evaluation.evaluators.evaluator import known_label
from edgebert.evaluation.out_of_scope import read_outside
from edgebert.model_file.abstention_rule import Abstention, AbstentionFit
from edgebert.progress import Progress
from edgebert.runtime.abstention import LEAST, calibrated, energy
from edgebert.runtime.model import Model

Array: TypeAlias = npt.NDArray[Any]

MAX_WRONG = 0.02
"""Where neither bound is asked for."""

CONFIDENCE = 0.95
"""Of the bound on wrong answers."""

KEPT = 0.95
"""Share of the texts in scope that the bar of the energy keeps."""

FEWEST = 32
"""Rows below which neither a temperature nor a share says anything."""

_LEAST_KEPT = 0.9
_MOST_ENERGY = -math.log(LEAST)
_PRIOR = 10.0  # rows that a label's mean energy is drawn towards that of all labels by
_ERRORS_AT_START = 4
_STEPS = 400
_TEMPERATURES = np.geomspace(0.2, 5, 400)


@dataclass(frozen=True)
class AbstentionPlan:
    """What a user asked for.

    Attributes:
        data: labelled texts, as for `edgebert evaluate`, that the model has not learned from.
        out_of_scope: texts that belong to no label.
        max_wrong: most wrong answers among those given, as a share.
        min_coverage: share of the texts in scope that is answered; in place of `max_wrong`. With
            1 every text is answered, also one out of scope: scores are chances, and that is all.

    Raises:
        EdgebertError: a bound is out of range, or both are given.
    """

    data: Path
    out_of_scope: Path | None = None
    max_wrong: float | None = None
    min_coverage: float | None = None

    def __post_init__(self) -> None:
        if self.max_wrong is not None and self.min_coverage is not None:
            raise EdgebertError("max wrong and min coverage exclude each other; give one of them")
        for name, bound in (("max wrong", self.max_wrong), ("min coverage", self.min_coverage)):
            every = name == "min coverage" and bound == 1
            if bound is not None and not (0 < bound < 1 or every):
                raise EdgebertError(
                    f"{name} is {bound}; a share between 0 and 1 is needed, such as "
                    f"{'0.02' if name == 'max wrong' else '0.9'}"
                )

    def open(self, task: str, *, multi_label: bool) -> DataSet:
        """The labelled texts, read as far as the first.

        Raises:
            EdgebertError: the model is no classifier with one label a text, or a file cannot be
                read.
        """
        if task != "classify" or multi_label:
            named = f"{task}, multi-label" if multi_label else task
            raise EdgebertError(
                f"a rule of when to abstain is for classifiers with one label a text; this is "
                f"for {named}"
            )
        if self.out_of_scope is not None:
            read_outside(self.out_of_scope)
        return open_data(self.data, task)


def abstention_plan(
    data: Path | None,
    out_of_scope: Path | None,
    max_wrong: float | None,
    min_coverage: float | None,
) -> AbstentionPlan | None:
    """What a user asked for, None where nothing was.

    Raises:
        EdgebertError: bounds or texts out of scope without data, or wrong bounds.
    """
    if data is not None:
        return AbstentionPlan(data, out_of_scope, max_wrong, min_coverage)
    given = {"out of scope": out_of_scope, "max wrong": max_wrong, "min coverage": min_coverage}
    for name, value in given.items():
        if value is not None:
            raise EdgebertError(f"{name} needs labelled data to fit on: add --calibrate DATA")
    return None


def fit_on_file(model: Model, plan: AbstentionPlan, progress: Progress) -> Abstention:
    """The rule for a finished file that has none yet.

    Raises:
        EdgebertError: the data cannot be used.
        CheckFailedError: the bound cannot be kept, or there are fewer than `FEWEST` rows.
    """
    rows = list(plan.open(model.task, multi_label=model.multi_label).read())
    outside = [] if plan.out_of_scope is None else read_outside(plan.out_of_scope)
    if len(rows) < FEWEST:
        raise CheckFailedError(
            f"{plan.data}: {len(rows)} rows to calibrate on; at least {FEWEST} are needed, some "
            "hundred are better"
        )
    labels = model.labels or ()
    expected = [labels.index(known_label(model, row.place, row.label)) for row in rows]
    texts = [*((row.text, row.pair) for row in rows), *((each.text, each.pair) for each in outside)]
    scores = np.empty((len(texts), len(labels)))
    for number, (text, pair) in enumerate(texts):
        scores[number] = list(model.reply(text, pair).value.scores.values())
        progress(number + 1, len(texts), "calibrating")
    return fit(scores[: len(rows)], expected, scores[len(rows) :], plan)


def fit(
    scores: Array, expected: Sequence[int] | Array, outside: Array, plan: AbstentionPlan
) -> Abstention:
    """The rule that keeps a bound.

    The temperature is the one of least negative log-likelihood (Guo et al. 2017). The bar of the
    energy keeps `KEPT` of the rows (as a conformal p-value of an outlier does: Bates et al. 2023,
    arXiv:2104.08279), or what tells `outside` apart best. That of the score is found by
    fixed-sequence testing, the strictest first, with exact binomial p-values, so that the share
    of wrong answers among those given is above `max_wrong` with a chance of at most 5 %: Learn
    then Test (Angelopoulos et al. 2021, arXiv:2110.01052), for selective classification as in
    Geifman and El-Yaniv 2017 (arXiv:1705.08500).

    Args:
        scores: of rows in scope, as the model gives them [n, K].
        expected: number of the right label of each, [n].
        outside: scores of texts out of scope [m, K]; m may be 0.
        plan: what is wanted.

    Raises:
        CheckFailedError: the bound cannot be kept, or there are too few rows to say so.
    """
    right_label = np.asarray(expected)
    best = scores.argmax(axis=1)
    right = best == right_label
    temperature = fit_temperature(scores, right_label)
    sure = calibrated(scores, temperature).max(axis=1)
    energies = _label_energies(scores, best)
    near = energy(scores) - energies[best]
    far = energy(outside) - energies[outside.argmax(axis=1)] if len(outside) else np.empty(0)
    min_scope = _scope_bar(near, far)
    inside = near >= min_scope
    if plan.min_coverage == 1:
        min_scope, min_score, max_wrong = -_MOST_ENERGY, 0.0, None
        inside = near >= min_scope
    elif plan.min_coverage is not None:
        min_scope, min_score = _covering(sure, near, inside, min_scope, plan.min_coverage)
        inside = near >= min_scope
        max_wrong = None
    else:
        max_wrong = MAX_WRONG if plan.max_wrong is None else plan.max_wrong
        min_score = _bounding(sure[inside], right[inside], max_wrong)
    answered = inside & (sure >= min_score)
    rejected = None
    if len(outside):
        kept = (far >= min_scope) & (calibrated(outside, temperature).max(axis=1) >= min_score)
        rejected = float(1 - kept.mean())
    return Abstention(
        temperature=temperature,
        energies=tuple(round(float(each), 6) for each in energies),
        min_score=min_score,
        min_scope=min_scope,
        fit=AbstentionFit(
            data=plan.data.name,
            rows=len(scores),
            out_of_scope=None if plan.out_of_scope is None else plan.out_of_scope.name,
            max_wrong=max_wrong,
            min_coverage=plan.min_coverage,
            coverage=float(answered.mean()),
            wrong=float(1 - right[answered].mean()) if answered.any() else 0.0,
            rejected=rejected,
        ),
    )


def fit_temperature(scores: Array, expected: Array) -> float:
    """The temperature under which the right labels are likeliest; 0.2 to 5."""
    rows = np.arange(len(scores))
    losses = [
        -np.log(calibrated(scores, float(each))[rows, expected]).mean() for each in _TEMPERATURES
    ]
    return round(float(_TEMPERATURES[int(np.argmin(losses))]), 6)


def _label_energies(scores: Array, best: Array) -> Array:
    """Mean energy of the rows that get each label, drawn towards that of all, [K]."""
    every = energy(scores)
    counts = np.bincount(best, minlength=scores.shape[1])
    sums = np.bincount(best, every, minlength=scores.shape[1])
    return np.asarray((sums + _PRIOR * every.mean()) / (counts + _PRIOR))


def _scope_bar(near: Array, far: Array) -> float:
    """The bar below which a text counts as out of scope."""
    if not len(far):
        return _kept_bar(near, KEPT)
    bars = [_kept_bar(near, share) for share in np.linspace(_LEAST_KEPT, 0.995, 96)]
    gains = [float((near >= bar).mean() + (far < bar).mean()) for bar in bars]
    return bars[int(np.argmax(gains))]


def _kept_bar(values: Array, share: float) -> float:
    """A bar that a further value passes with a chance of at least `share`, if like these."""
    place = math.floor((1 - share) * (len(values) + 1)) - 1
    return float(np.sort(values)[place]) if place >= 0 else float(values.min())


def _covering(
    sure: Array, near: Array, inside: Array, min_scope: float, coverage: float
) -> tuple[float, float]:
    """Bars that answer at least so much: the energy's, lowered where it must be; the score's."""
    if inside.mean() < coverage:
        min_scope = _kept_bar(near, coverage)
        inside = near >= min_scope
    needed = math.ceil(coverage * len(sure))
    return min_scope, float(np.sort(sure[inside])[::-1][min(needed, int(inside.sum())) - 1])


def _bounding(sure: Array, right: Array, max_wrong: float) -> float:
    """The lowest bar of the score under which few enough answers are wrong.

    Raises:
        CheckFailedError: there is none.
    """
    order = np.argsort(-sure, kind="stable")
    wrong = np.cumsum(~right[order])
    start = _least_rows(max_wrong)
    if len(sure) < start:
        raise CheckFailedError(
            f"{len(sure)} rows to calibrate on are too few to bound wrong answers by "
            f"{max_wrong:g}: {start} or more are needed; give more, or a larger --max-wrong"
        )
    bar = None
    for count in np.unique(np.linspace(max(start, len(sure) // 4), len(sure), _STEPS).astype(int)):
        if _binomial_tail(int(wrong[count - 1]), int(count), max_wrong) > 1 - CONFIDENCE:
            break
        bar = float(sure[order[count - 1]])
    if bar is None:
        raise CheckFailedError(
            f"wrong answers cannot be bounded by {max_wrong:g}: of the surest {count:,} rows "
            f"{int(wrong[count - 1]):,} are wrong; allow more (--max-wrong), or improve the model"
        )
    return bar


def _least_rows(max_wrong: float) -> int:
    """So many that a few wrong ones among them still show the bound to be kept."""
    rows = math.ceil(_ERRORS_AT_START / max_wrong)
    while _binomial_tail(_ERRORS_AT_START, rows, max_wrong) > 1 - CONFIDENCE:
        rows += max(1, rows // 50)
    return rows


def _binomial_tail(hits: int, draws: int, chance: float) -> float:
    """Chance of at most so many hits, exactly."""
    log_chance, log_rest = math.log(chance), math.log1p(-chance)
    whole = math.lgamma(draws + 1)
    return math.fsum(
        math.exp(
            whole
            - math.lgamma(k + 1)
            - math.lgamma(draws - k + 1)
            + k * log_chance
            + (draws - k) * log_rest
        )
        for k in range(hits + 1)
    )
