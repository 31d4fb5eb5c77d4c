"""What the record says of a classifier to which further labels can be taught."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class UnseenTexts:
    """Texts that the model gets right without having learned from them, and is to get right still.

    The lead of the file's own labels is the least with which taught labels take no more than
    `may_lose` of these texts. A taught label takes text i where 20 times the cosine of its
    prototype with the text's point is above `bars[i]` and the lead together.

    Attributes:
        points: base64 of int8 [N, H]: the direction of each text's point; of those with the
            lowest bars.
        bars: see above, [N].
        may_lose: how many of the texts; between two numbers of texts the lead is interpolated.
        data: name of the file of labelled texts from which they are.
        rows: how many it has.
    """

    points: str = field(repr=False)
    bars: tuple[float, ...] = field(repr=False)
    may_lose: float
    data: str
    rows: int


@dataclass(frozen=True)
class OutsideTexts:
    """Texts out of scope, which taught labels are to leave alone.

    What a classifier does not know lies together, so a label that is taught from there would take
    all of it along. Texts are compared by cosine once more where these scatter alike in all
    directions about their mean. There a text has to be nearer to the prototype of its taught label
    than all but `may_take` of these are to that of any taught label; else the answer is withheld.

    Attributes:
        points: base64 of int8 [N, H]: the direction of each text's point.
        may_take: how many of the texts; between two numbers of texts the bar is interpolated.
        data: name of the file from which they are.
        rows: how many it has.
    """

    points: str = field(repr=False)
    may_take: float
    data: str
    rows: int


@dataclass(frozen=True)
class Teaching:
    """How texts compare by the second output of a classifier's graph, the hidden state h [H].

    The point of a text is `matrix @ h - shift`, scaled to length 1: there the texts of a label
    scatter alike in all directions (the within-class covariance is the unit matrix, as in linear
    discriminant analysis).

    Attributes:
        matrix: base64 of int8 [H, H].
        scales: of the matrix's rows, [H].
        shift: [H].
        centres: base64 of int8 [K, H]: the direction of the mean point of each of the file's
            labels.
        lead: how much the file's own labels count before taught ones, in nats, where there are no
            `unseen` texts.
        data: name of the file of labelled texts from which all this is.
        rows: how many.
        unseen: from which the lead follows once labels are taught.
        outside: from which follows when an answer with a taught label is withheld.
    """

    matrix: str = field(repr=False)
    scales: tuple[float, ...] = field(repr=False)
    shift: tuple[float, ...] = field(repr=False)
    centres: str = field(repr=False)
    lead: float
    data: str
    rows: int
    unseen: UnseenTexts | None = None
    outside: OutsideTexts | None = None
