"""Where a full-integer model loses accuracy: value by value, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ValueQuality:
    """A computed tensor of the integer graph beside that of the same graph in float.

    Attributes:
        name: such as "layers.0.attention.norm".
        op: builtin op that computes it.
        dtype: int8, int16 or int32.
        scale: what one more of it stands for.
        zero_point: the number that stands for 0.
        minimum: over the calibration texts, real tokens only.
        maximum: likewise.
        cosine: with the float value, on texts held out, real tokens only; 1 where both are 0.
        saturated: share of its numbers that in float lie beyond what its integers hold.
    """

    name: str
    op: str
    dtype: str
    scale: float
    zero_point: int
    minimum: float
    maximum: float
    cosine: float
    saturated: float

    @property
    def magnitude(self) -> float:
        """The largest value, either side of 0."""
        return max(abs(self.minimum), abs(self.maximum))


@dataclass(frozen=True)
class StepQuality:
    """The model after a step of the rewriting and all before it.

    Attributes:
        step: its name.
        cosine: of the model's output with float32, mean over texts held out.
        lowest_cosine: of one text.
        values: in the order of the graph.
    """

    step: str
    cosine: float
    lowest_cosine: float
    values: tuple[ValueQuality, ...]


@dataclass(frozen=True)
class QuantizationReport:
    """Where accuracy goes.

    Attributes:
        steps: one after the other; the last one is the file.
        ranges: least and greatest value of each tensor of the file, by name.
    """

    steps: tuple[StepQuality, ...]
    ranges: Mapping[str, tuple[float, float]]
