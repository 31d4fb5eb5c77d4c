"""Fits how labels can be taught to a classifier, on hidden states of labelled texts.

Texts are compared by cosine where the within-class scatter of the file's own labels is the same in
all directions, as in linear discriminant analysis. How much the own labels count before taught ones
follows, once some are taught, from texts that the model has not learned from; without such texts it
is found by taking some of the own labels for taught.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edgebert.errors import CheckFailedError, EdgebertError
from edgebert.evaluation.data import open_data
from edgebert.evaluation.evaluators.evaluator import known_label
from edgebert.evaluation.out_of_scope import read_outside
from edgebert.model_file.teaching import OutsideTexts, Teaching, UnseenTexts
from edgebert.progress import Progress
from edgebert.runtime.abstention import calibrated
from edgebert.runtime.model import Model
from edgebert.runtime.sessions import open_session
from edgebert.runtime.tasks.embed import to_length_one
from edgebert.runtime.whitening import SHARPNESS, Whitening, levels_of, shrunk

Array: TypeAlias = npt.NDArray[Any]

MOST_LOST = 0.005
"""Share of the texts of own labels that taught ones may take away."""

MOST_UNSEEN = 256
"""Texts that the record keeps; taught labels hardly take others (docs/abstaining.md)."""

MOST_TAKEN = 0.05
"""Share of the texts out of scope that taught labels may take, all of them together."""

MOST_OUTSIDE = 256
"""Of these the record keeps so many."""

_PRETENDED_LOST = 0.0025
"""Likewise, where own labels stand for taught ones: those that the model has never learned take
about twice as many."""

FEWEST = 100
"""Rows below which no covariance is taken."""

_DRAWS, _SENTENCES, _PRETENDED = 20, 5, 4  # one label in so many is taken for taught
_LEADS = np.linspace(-4, 12, 321)


@dataclass(frozen=True)
class TeachingPlan:
    """What a user asked for.

    Attributes:
        data: labelled texts that the model has learned from, as for `edgebert evaluate`.
        dev: those that it has not, of which taught labels may take but few; None: none are kept,
            and how much the own labels count is found on `data`.
        out_of_scope: texts that belong to no label, and to none that is taught; None: there are
            none.
    """

    data: Path
    dev: Path | None = None
    out_of_scope: Path | None = None

    def open(self) -> None:
        """Reads the labelled texts as far as the first."""
        open_data(self.data, "classify")


@dataclass(frozen=True)
class LabelledOutputs:
    """What a model says of labelled texts.

    Attributes:
        hidden: [n, H].
        scores: [n, K], calibrated where the file has a rule of when to abstain.
        labels: numbers of the right labels [n].
    """

    hidden: Array
    scores: Array
    labels: Array


def fit_teaching(model: Model, plan: TeachingPlan, progress: Progress) -> Teaching:
    """How labels are taught to a finished file that has a second output.

    Raises:
        EdgebertError: the data cannot be used.
        CheckFailedError: there are fewer than `FEWEST` rows.
    """
    seen = run_labelled(model, plan.data, progress)
    _check_enough(seen, plan.data)
    centre, matrix = whitening(seen.hidden, seen.labels)
    text, scales = levels_of(matrix.astype(np.float32))
    points = to_length_one((seen.hidden - centre) @ matrix.T)
    centres = _means(points, seen.labels, len(model.labels or ()))
    teaching = Teaching(
        matrix=text,
        scales=_rounded(scales),
        shift=_rounded(matrix @ centre),
        centres=levels_of(centres)[0],
        lead=fit_lead(points, seen),
        data=plan.data.name,
        rows=len(points),
    )
    space = Whitening(teaching, len(centres), centre.size)  # fits, or it is our fault
    if plan.dev is not None:
        others = run_labelled(model, plan.dev, progress)
        teaching = replace(teaching, unseen=unseen_texts(space, others, plan.dev.name))
    if plan.out_of_scope is not None:
        outside = outside_texts(space, model, plan.out_of_scope, progress)
        teaching = replace(teaching, outside=outside)
    return teaching


def unseen_texts(space: Whitening, seen: LabelledOutputs, data: str) -> UnseenTexts | None:
    """Those of the texts that taught labels take most easily; None where no answer is right."""
    right = np.flatnonzero(seen.scores.argmax(axis=1) == seen.labels)
    points = [space.point(hidden) for hidden in seen.hidden]
    near = np.array([space.near_own(point) for point in points])
    bars = near + np.log(seen.scores.max(axis=1))
    kept = right[np.argsort(bars[right], kind="stable")][:MOST_UNSEEN]
    if not len(kept):
        return None
    return UnseenTexts(
        points=levels_of(np.stack([points[at] for at in kept]))[0],
        bars=_rounded(bars[kept]),
        may_lose=min(may_lose(len(points)), len(kept) - 1.0),
        data=data,
        rows=len(points),
    )


def outside_texts(
    space: Whitening, model: Model, path: Path, progress: Progress
) -> OutsideTexts | None:
    """Some of the texts out of scope, evenly chosen; None where all say the same to the model."""
    texts = read_outside(path)
    used = min(len(texts), MOST_OUTSIDE)
    chosen = [texts[place * len(texts) // used] for place in range(used)]
    outputs = _outputs(model, [(each.text, each.pair) for each in chosen], progress)
    points = np.stack([space.point(output[len(model.labels or ()) :]) for output in outputs])
    if not np.ptp(points, axis=0).any():
        return None
    return OutsideTexts(
        levels_of(points)[0], _allowed(MOST_TAKEN, used), path.name, rows=len(texts)
    )


def may_lose(rows: int) -> float:
    """How many of so many texts taught labels may take, for no more than `MOST_LOST` of all texts.

    A further text like these is as likely as any of them to be the one that is taken next, so
    taught labels which take k of n texts take (k + 1) / (n + 1) of all in expectation (conformal
    risk control: Angelopoulos et al. 2022, arXiv:2208.02814). Of few texts, which can show no such
    bound, they may take none.
    """
    return _allowed(MOST_LOST, rows)


def _allowed(share: float, rows: int) -> float:
    return round(max(0.0, share * (rows + 1) - 1), 3)


def recorded_bytes(labels: int, width: int, *, outside: bool = False) -> int:
    """About how much of a file what labels are taught by takes, `outside` texts among it or not."""
    rows = width + labels + MOST_UNSEEN + outside * MOST_OUTSIDE
    return rows * width * 4 // 3 + 24 * width + 8 * MOST_UNSEEN


def _check_enough(seen: LabelledOutputs, data: Path) -> None:
    count = len(seen.labels)
    if count < FEWEST:
        raise CheckFailedError(
            f"{data}: {count} rows to learn from how labels are taught; at least "
            f"{FEWEST} are needed"
        )
    if len(np.unique(seen.labels)) < 2:
        raise CheckFailedError(f"{data}: all rows have one label; those of two are needed")


def run_labelled(model: Model, data: Path, progress: Progress) -> LabelledOutputs:
    """Runs the model on the labelled texts.

    Raises:
        EdgebertError: there are none, or they cannot be used.
    """
    rows = list(open_data(data, "classify").read())
    if not rows:
        raise EdgebertError(f"{data}: has no rows")
    known = model.labels or ()
    found = _outputs(model, [(row.text, row.pair) for row in rows], progress)
    labels = [known.index(known_label(model, row.place, row.label)) for row in rows]
    scores, hidden = found[:, : len(known)], found[:, len(known) :]
    if model.record.abstention is not None:
        scores = calibrated(scores, model.record.abstention.temperature)
    return LabelledOutputs(hidden, scores, np.array(labels))


def _outputs(model: Model, texts: Sequence[tuple[str, str | None]], progress: Progress) -> Array:
    """Scores and hidden state of each text, [n, K + H]."""
    session = open_session(model.path, max_length=model.max_length, hidden=True)
    outputs = []
    for number, (text, pair) in enumerate(texts, 1):
        encoding = model.tokenizer.encode(text, pair)
        outputs.append(session.run(encoding.ids, encoding.segment_ids)[0])
        progress(number, len(texts), "learning how labels are taught")
    session.close()
    return np.array(outputs, np.float64)


def whitening(hidden: Array, labels: Array) -> tuple[Array, Array]:
    """The mean [H], and a matrix [H, H] that makes the within-class covariance one.

    Raises:
        CheckFailedError: all texts of each label are the same.
    """
    means = _means(hidden, labels, int(labels.max()) + 1)
    apart = hidden - means[labels]
    covariance = apart.T @ apart / len(apart)
    if not covariance.any():
        raise CheckFailedError("labels cannot be taught: no label has two texts that differ")
    values, vectors = np.linalg.eigh(shrunk(covariance, len(hidden)))
    return hidden.mean(axis=0), (vectors / np.sqrt(values)) @ vectors.T


def fit_lead(points: Array, seen: LabelledOutputs) -> float:
    """The least lead with which labels that stand for taught ones take few of the others' texts.

    They are a part of the labels, drawn at random, and have a few sentences each.
    """
    labels = np.unique(seen.labels)
    random = np.random.default_rng(0)
    centres = to_length_one(_means(points, seen.labels, int(labels[-1]) + 1))
    lost = np.zeros(len(_LEADS))
    for _ in range(_DRAWS):
        taught = random.permutation(labels)[: max(1, len(labels) // _PRETENDED)]
        own = np.setdiff1d(labels, taught)
        examples = [np.flatnonzero(seen.labels == label) for label in taught]
        means = [points[random.permutation(each)[:_SENTENCES]].mean(axis=0) for each in examples]
        rest = np.isin(seen.labels, own)
        near = SHARPNESS * (points[rest] @ to_length_one(np.array(means)).T).max(axis=1)
        near_own = np.logaddexp.reduce(SHARPNESS * (points[rest] @ centres[own].T), axis=1)
        scores = seen.scores[rest][:, own]
        right = own[scores.argmax(axis=1)] == seen.labels[rest]
        # A taught label wins where its share is above that of the best of the own.
        ahead = near - near_own - np.log(scores.max(axis=1) / scores.sum(axis=1))
        lost += [float((right & (ahead > lead)).mean()) for lead in _LEADS]
    within = np.flatnonzero(lost / _DRAWS <= _PRETENDED_LOST)
    return round(float(_LEADS[within[0] if len(within) else -1]), 3)


def _rounded(values: Array) -> tuple[float, ...]:
    return tuple(float(f"{value:.6g}") for value in values)


def _means(points: Array, labels: Array, count: int) -> Array:
    """Mean of each label's points [count, H]; 0 of those that have none."""
    sums = np.zeros((count, points.shape[1]))
    np.add.at(sums, labels, points)
    return sums / np.maximum(np.bincount(labels, minlength=count), 1)[:, None]
