"""What the record says of a file whose graphs take fixed lengths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True)
class CalibrationTexts:
    """The texts from which the ranges of a full-integer file were taken.

    Attributes:
        source: name of the file; or what stands for the texts that edgebert brings.
        texts: how many.
        tokens: of all texts, padding not counted.
    """

    source: str
    texts: int
    tokens: int


@dataclass(frozen=True)
class Integer:
    """The graphs of a full-integer file, and what the host has to do around them.

    Attributes:
        lengths: tokens that each graph takes, ascending; its signature is `length_N`. A text is
            padded to the smallest that holds it.
        inputs: names of the graphs' inputs: int32 [1, N] each, positions [1, M].
        pad_id: the id that fills a text up.
        positions: M of `fill-mask`: how many positions one run computes; unused places hold 0.
        output_scale: a value of the output is `output_scale * (number - output_zero_point)`.
        output_zero_point: see `output_scale`.
        host: what is left to be done to the de-quantised output: nothing, scale it to length 1, or
            turn logits into probabilities.
        mean_step: of an `embed` that is not normalised, whose graph rounds the weight 1 / n of the
            mean over n tokens to a multiple of this: multiply the de-quantised output by
            (1 / n) / (max(1, rint(1 / (n * mean_step))) * mean_step).
        calibration: where the ranges come from.
        int16: names of the values that are int16 in a mixed file.
        float32: names of those that are float32 in one that was allowed to.
    """

    lengths: tuple[int, ...]
    inputs: tuple[str, ...]
    pad_id: int
    positions: int | None
    output_type: Literal["int8", "int16"]
    output_scale: float
    output_zero_point: int
    host: Literal["none", "normalize", "softmax", "sigmoid"]
    mean_step: float | None
    calibration: CalibrationTexts
    int16: tuple[str, ...] = ()
    float32: tuple[str, ...] = ()

    @property
    def mixed(self) -> dict[str, tuple[str, ...]]:
        """The values of a mixed file that are not int8, by type."""
        found = {"int16": self.int16, "float32": self.float32}
        return {kind: names for kind, names in found.items() if names}


@dataclass(frozen=True)
class FloatGraphs:
    """Float graphs of fixed lengths; the attributes are those of `Integer`."""

    lengths: tuple[int, ...]
    inputs: tuple[str, ...]
    pad_id: int
    positions: int | None

    @property
    def host(self) -> Literal["none"]:
        """What is left to be done to the output: nothing, it is in the graph."""
        return "none"

    @property
    def mean_step(self) -> None:
        """No weights of a mean are rounded."""
        return None


FixedGraphs: TypeAlias = Integer | FloatGraphs
"""What a session needs to know of graphs that take fixed lengths."""
