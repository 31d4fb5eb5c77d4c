"""Fits the rule of when a file abstains, on what the finished file says of labelled texts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edgebert.converter.risk_bound import CONFIDENCE, bounding_bar, covering_bar
from edgebert.errors import CheckFailedError, EdgebertError
from edgebert.evaluation.data import DataSet, open_data
from edgebert.evaluation.evaluators.evaluator import known_label
from edgebert.evaluation.out_of_scope import read_outside
from edgebert.evaluation.tally import Items, Tally, observe
from edgebert.model_file.abstention_rule import Abstention, AbstentionFit
from edgebert.progress import Progress
from edgebert.runtime.abstention import LEAST, calibrated, energy
from edgebert.runtime.model import Model
from edgebert.runtime.tasks import ABSTAINING

Array: TypeAlias = npt.NDArray[Any]

MAX_WRONG = 0.02
"""Where neither bound is asked for."""

KEPT = 0.95
"""Share of the texts in scope that the bar of the energy keeps."""

FEWEST = 32
"""Rows below which neither a temperature nor a share says anything."""

_STAGE = "calibrating"
_LEAST_KEPT = 0.9
_MOST_ENERGY = -math.log(LEAST)
_PRIOR = 10.0  # rows that a label's mean energy is drawn towards that of all labels by
_TEMPERATURES = np.geomspace(0.2, 5, 400)


@dataclass(frozen=True)
class Bound:
    """Most wrong answers among those given, and how sure it is that there are no more."""

    max_wrong: float
    confidence: float

    def bar(
        self, scores: Array, right: Array, *, rows: Array | None = None, items: str = "answers"
    ) -> float:
        """See `bounding_bar`."""
        return bounding_bar(
            scores, right, self.max_wrong, confidence=self.confidence, rows=rows, items=items
        )


@dataclass(frozen=True)
class AbstentionPlan:
    """What a user asked for.

    Attributes:
        data: labelled texts, as for `edgebert evaluate`, that the model has not learned from.
        out_of_scope: texts that belong to no label; of classifiers with one label a text.
        max_wrong: most wrong answers (labels, spans) among those given, as a share.
        confidence: chance, over calibration sets, with which `max_wrong` holds; None: 0.95.
        min_coverage: share of the texts in scope that is answered, or of the labels or spans that
            are given; in place of `max_wrong`. With 1, of classifiers with one label a text, every
            text is answered, also one out of scope: scores are chances, and that is all.

    Raises:
        EdgebertError: a bound is out of range, both are given, or a confidence without `max_wrong`.
    """

    data: Path
    out_of_scope: Path | None = None
    max_wrong: float | None = None
    min_coverage: float | None = None
    confidence: float | None = None

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

        if self.confidence is not None:
            check_confidence(self.confidence, self.max_wrong)

    @property
    def bound(self) -> Bound:
        """What is kept unless a coverage is asked for."""
        return Bound(
            MAX_WRONG if self.max_wrong is None else self.max_wrong,
            CONFIDENCE if self.confidence is None else self.confidence,
        )

    def open(self, task: str, *, multi_label: bool) -> DataSet:
        """The labelled texts, read as far as the first.

        Raises:
            EdgebertError: the task has nothing to abstain from, what is asked for is for another,
                or a file cannot be read.
        """
        named = f"{task}, multi-label" if multi_label else task
        if task not in ABSTAINING:
            raise EdgebertError(
                f"a rule of when to abstain is for {', '.join(ABSTAINING)}; this is for {named}"
            )
        wishes = {"out of scope": self.out_of_scope, "min coverage 1": self.min_coverage == 1}
        for name, wished in wishes.items():
            if wished and named != "classify":
                raise EdgebertError(
                    f"{name} is for classifiers with one label a text; this is for {named}"
                )
        if self.out_of_scope is not None:
            read_outside(self.out_of_scope)
        return open_data(self.data, task, multi_label=multi_label)


def check_confidence(confidence: float, max_wrong: float | None) -> None:
    """That a confidence is one, and of a bound that was asked for.

    Raises:
        EdgebertError: it is not.
    """
    if max_wrong is None:
        raise EdgebertError(
            "confidence is that of a bound on wrong answers: give max wrong, too, such as 0.02"
        )
    if not 0.5 < confidence < 1:
        raise EdgebertError(
            f"confidence is {confidence:g}; more than 0.5 and less than 1 is needed, such as 0.95"
        )


def abstention_plan(
    data: Path | None,
    out_of_scope: Path | None,
    max_wrong: float | None,
    min_coverage: float | None,
    confidence: float | None = None,
) -> AbstentionPlan | None:
    """What a user asked for, None where nothing was.

    Raises:
        EdgebertError: bounds or texts out of scope without data, or wrong bounds.
    """
    if data is not None:
        return AbstentionPlan(data, out_of_scope, max_wrong, min_coverage, confidence)
    given = {
        "out of scope": out_of_scope,
        "max wrong": max_wrong,
        "min coverage": min_coverage,
        "confidence": confidence,
    }
    for name, value in given.items():
        if value is not None:
            raise EdgebertError(f"{name} needs labelled data to fit on: add --calibrate DATA")
    return None


def fit_on_file(model: Model, plan: AbstentionPlan, progress: Progress) -> Abstention:
    """The rule for a finished file that has none yet.

    Args:
        model: the file, opened with a threshold of 0: never abstaining, and scored as if it might.
        plan: what is wanted.
        progress: told how many rows are done.

    Raises:
        EdgebertError: the data cannot be used.
        CheckFailedError: the bound cannot be kept, or there are fewer than `FEWEST` rows.
    """
    data = plan.open(model.task, multi_label=model.multi_label)
    if data.evaluator.scope is not None:
        return _fit_classifier(model, data, plan, progress)
    tally = Tally()

    def tell(done: int, total: int | None, description: str) -> None:
        progress(done, total, _STAGE)

    for (observation,) in observe([model], data, tell):
        tally.add(observation)
    _check_rows(plan, tally.rows)
    return fit_items(tally.items(), tally.rows, plan, data.evaluator.items or "answers")


def fit_items(found: Items, rows: int, plan: AbstentionPlan, items: str) -> Abstention:
    """The rule for what rows are given any number of: the bar of the score alone.

    Args:
        found: what a file that never abstains gives.
        rows: that it was given to.
        plan: what is wanted.
        items: what they are, in the plural.

    Raises:
        CheckFailedError: the bound cannot be kept, or there is too little to say so.
    """
    if not len(found.scores):
        raise CheckFailedError(f"{plan.data}: the file gives no {items}; nothing to calibrate on")
    right = found.right > 0
    if plan.min_coverage is not None:
        min_score = covering_bar(found.scores, math.ceil(plan.min_coverage * len(found.scores)))
    else:
        min_score = plan.bound.bar(found.scores, right, rows=found.rows, items=items)
    given = found.scores >= min_score
    return Abstention(
        temperature=1.0,
        energies=(),
        min_score=min_score,
        min_scope=0.0,
        fit=_outcome(plan, rows, float(given.mean()), float(1 - right[given].mean()), None),
    )


def _outcome(
    plan: AbstentionPlan, rows: int, coverage: float, wrong: float, rejected: float | None
) -> AbstentionFit:
    bound = plan.bound if plan.min_coverage is None else None
    outside = plan.out_of_scope
    return AbstentionFit(
        data=plan.data.name,
        rows=rows,
        out_of_scope=None if outside is None else outside.name,
        max_wrong=None if bound is None else bound.max_wrong,
        min_coverage=plan.min_coverage,
        coverage=coverage,
        wrong=wrong,
        rejected=rejected,
        confidence=None if bound is None else bound.confidence,
    )


def _check_rows(plan: AbstentionPlan, rows: int) -> None:
    if rows < FEWEST:
        raise CheckFailedError(
            f"{plan.data}: {rows} rows to calibrate on; at least {FEWEST} are needed, some "
            "hundred are better"
        )


def _fit_classifier(
    model: Model, data: DataSet, plan: AbstentionPlan, progress: Progress
) -> Abstention:
    rows = list(data.read())
    _check_rows(plan, len(rows))
    outside = [] if plan.out_of_scope is None else read_outside(plan.out_of_scope)
    labels = model.labels or ()
    expected = [labels.index(known_label(model, row.place, row.label)) for row in rows]
    texts = [*((row.text, row.pair) for row in rows), *((each.text, each.pair) for each in outside)]
    scores = np.empty((len(texts), len(labels)))
    for number, (text, pair) in enumerate(texts):
        scores[number] = list(model.reply(text, pair).value.scores.values())
        progress(number + 1, len(texts), _STAGE)
    return fit(scores[: len(rows)], expected, scores[len(rows) :], plan)


def fit(
    scores: Array, expected: Sequence[int] | Array, outside: Array, plan: AbstentionPlan
) -> Abstention:
    """The rule of a classifier with one label a text that keeps a bound.

    The temperature is the one of least negative log-likelihood (Guo et al. 2017). The bar of the
    energy keeps `KEPT` of the rows (as a conformal p-value of an outlier does: Bates et al. 2023,
    arXiv:2104.08279), or what tells `outside` apart best. That of the score is `bounding_bar`'s.

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
        min_scope, min_score = -_MOST_ENERGY, 0.0
    elif plan.min_coverage is not None:
        min_scope, min_score = _covering(sure, near, inside, min_scope, plan.min_coverage)
    else:
        min_score = plan.bound.bar(sure[inside], right[inside])
    min_scope, min_score = _lowered(min_scope), _lowered(min_score)
    inside = near >= min_scope
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
        fit=_outcome(
            plan,
            len(scores),
            float(answered.mean()),
            float(1 - right[answered].mean()) if answered.any() else 0.0,
            rejected,
        ),
    )


def _lowered(bar: float) -> float:
    """A bar that what passed it here passes in use, too, by float32."""
    return math.floor(bar * 1e5) / 1e5


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
    needed = min(math.ceil(coverage * len(sure)), int(inside.sum()))
    return min_scope, covering_bar(sure[inside], needed)
