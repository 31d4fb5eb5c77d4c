"""What the record says of a classifier to which further labels can be taught."""

from __future__ import annotations

from dataclasses import dataclass, field


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
        lead: how much the file's own labels count before taught ones, in nats.
        data: name of the file of labelled texts from which all this is.
        rows: how many.
    """

    matrix: str = field(repr=False)
    scales: tuple[float, ...] = field(repr=False)
    shift: tuple[float, ...] = field(repr=False)
    centres: str = field(repr=False)
    lead: float
    data: str
    rows: int
