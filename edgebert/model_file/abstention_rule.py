"""What the record says of when a file abstains."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class AbstentionFit:
    """What a rule of when to abstain was fitted on, and what it came to there.

    Attributes:
        data: name of the file of labelled texts.
        rows: how many.
        out_of_scope: name of the file of texts that belong to no label; None: there was none.
        max_wrong: share of wrong answers among those given that is kept; None: `min_coverage` was
            asked for. Answers are labels where they are independent of each other, and spans of
            `tag`.
        min_coverage: share of the answers to be given that was asked for.
        coverage: share of the answers that is given.
        wrong: share of these that is wrong.
        rejected: share of the texts out of scope that is not answered; None: there were none.
        confidence: chance, over calibration sets, with which `max_wrong` holds; None:
            `min_coverage` was asked for. Older files do not tell it: it is 0.95.
    """

    data: str
    rows: int
    out_of_scope: str | None
    max_wrong: float | None
    min_coverage: float | None
    coverage: float
    wrong: float
    rejected: float | None
    confidence: float | None = 0.95


@dataclass(frozen=True)
class Abstention:
    """When a file abstains.

    From a label that is independent of the others, a span of `tag` or an answer of `answer` whose
    score is below `min_score`. (The score of an answer is its share among all possible answers and
    the null answer.)

    A classifier with one label a text abstains by the probabilities that its graph gives. With p
    the probabilities, each at least 1e-12, and b the first of the highest: the scores are
    p ** (1 / temperature), divided by their sum; the classifier abstains where the score of b is
    below `min_score`, or the mean of -log p, less `energies[b]`, is below `min_scope`.

    Attributes:
        temperature: above 0; 1 where there is no one label a text.
        energies: for each label; likewise none.
        min_score: see above.
        min_scope: see above.
    """

    temperature: float
    energies: tuple[float, ...] = field(repr=False)
    min_score: float
    min_scope: float
    fit: AbstentionFit
