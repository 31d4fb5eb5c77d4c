"""One label for a text, with the score of every label, and whether to rely on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from edgebert.arrays import Array

if TYPE_CHECKING:
    from edgebert.model_file.abstention_rule import Abstention


class Classification(NamedTuple):
    """The best label, its score, all scores by label, and whether the model abstains.

    Scores sum to 1, except where labels are independent of each other (`multi_label`) and where
    the windows of a long text were combined by "max". Where a file has a rule of when to abstain,
    they are calibrated: of the answers with a score of 0.8, about 80 % are right.

    Attributes:
        label: the best one, also where the model abstains.
        abstained: the answer is not to be relied on: the text may belong to another label, or to
            none. None: the file has no rule, and `load` was given no threshold.
        given: where labels are independent of each other, those that can be relied on; it abstains
            where there is none. None: as for `abstained`, or labels are not.
    """

    label: str
    score: float
    scores: dict[str, float]
    abstained: bool | None = None
    given: tuple[str, ...] | None = None


def classifier(
    labels: Sequence[str], rule: Abstention | None = None, threshold: float | None = None
) -> Callable[[Array], Classification]:
    """Gives a function that names the scores of an output [1, K].

    Args:
        labels: in the order of the output.
        rule: of the file: calibrates, and says when to abstain.
        threshold: abstain below this score instead.
    """
    if rule is not None:
        return _calibrated_classifier(labels, rule, threshold)

    def classify(output: Array) -> Classification:
        scores = output[0].tolist()
        best = max(scores)
        label = labels[scores.index(best)]
        abstained = None if threshold is None else best < threshold
        return Classification(label, best, dict(zip(labels, scores, strict=True)), abstained)

    return classify


def independent_classifier(
    labels: Sequence[str], min_score: float | None
) -> Callable[[Array], Classification]:
    """Likewise, where labels are independent of each other.

    Args:
        labels: in the order of the output.
        min_score: of the labels that are given; None: it never abstains.
    """
    plain = classifier(labels, None, min_score)
    if min_score is None:
        return plain

    def classify(output: Array) -> Classification:
        answer = plain(output)
        given = tuple(label for label, score in answer.scores.items() if score >= min_score)
        return answer._replace(given=given)

    return classify


def _calibrated_classifier(
    labels: Sequence[str], rule: Abstention, threshold: float | None
) -> Callable[[Array], Classification]:
    from edgebert.runtime.abstention import judging  # files without a rule start without it

    judge = judging(rule)

    def classify(output: Array) -> Classification:
        scores, best, abstained = judge(output[0])
        if threshold is not None:
            abstained = scores[best] < threshold
        named = dict(zip(labels, scores))  # noqa: B905 - numpy has refused another length
        return Classification(labels[best], scores[best], named, abstained)

    return classify
