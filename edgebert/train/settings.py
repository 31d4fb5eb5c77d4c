"""How a run is trained, whatever it learns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Literal, TypeAlias

from edgebert.errors import EdgebertError

Precision: TypeAlias = Literal["float32", "bfloat16"]
Qat: TypeAlias = Literal["int8", "int8-full"]

BATCH_SIZES = (8, 16, 32, 64, 128)
LEARNING_RATES = (3e-4, 1e-4, 5e-5, 3e-5)
"""The grid of google-research/bert's README for its compact models, with 4 epochs each."""

DERIVED = ("epochs", "batch_size", "learning_rate", "dropout")
"""Settings that follow from model and data where they are not given."""

_RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "epochs": (1, 10_000),
        "batch_size": (1, 65_536),
        "accumulate": (1, 1_024),
        "seed": (0, (1 << 31) - 1),
        "save_every": (1, 1_000_000_000),
        "log_every": (1, 1_000_000_000),
        "patience": (1, 10_000),
        "learning_rate": (0.0, 1.0),
        "warmup": (0.0, 1.0),
        "weight_decay": (0.0, 1.0),
        "clip_norm": (0.0, 1e6),
        "dropout": (0.0, 0.9),
        "prune": (0.0, 0.95),
    }
)
"""Of each setting; whole numbers are those whose range is of whole numbers."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of one run; what is None follows from model and data (see `train.defaults`).

    Attributes:
        epochs: times that all examples are seen.
        batch_size: examples a step.
        learning_rate: the highest, reached after the warm-up.
        warmup: share of the steps in which the rate rises from 0; then it falls to 0, linearly.
        weight_decay: of AdamW; norms and biases do not decay.
        clip_norm: largest norm of all gradients together.
        dropout: share of the elements that are dropped.
        accumulate: parts in which a step's batch goes through the network, to save memory.
        precision: of matrix products and activations.
        qat: round weights and activations in every step as a file of this kind will; None: do not.
        prune: share of the weights that are 0 in the end.
        seed: of data order, dropout and new weights.
        save_every: steps; a run is also saved at the end of each epoch.
        log_every: steps.
        patience: evaluations without a better figure after which a run ends; None: never.

    Raises:
        EdgebertError: a value is out of range.
    """

    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    warmup: float = 0.1
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    dropout: float | None = None
    accumulate: int = 1
    precision: Precision = "float32"
    qat: Qat | None = None
    prune: float = 0.0
    seed: int = 1
    save_every: int = 200
    log_every: int = 10
    patience: int | None = None

    _optional: ClassVar[frozenset[str]] = frozenset({*DERIVED, "patience"})

    def __post_init__(self) -> None:
        for name, (least, most) in _RANGES.items():
            value = getattr(self, name)
            if value is None and name in self._optional:
                continue
            kinds = {int} if type(least) is int else {int, float}
            if type(value) not in kinds or not least <= value <= most:
                number = "whole number" if kinds == {int} else "number"
                low, high = (each if kinds == {int} else f"{each:g}" for each in (least, most))
                what = f"a {number} from {low} to {high} is needed"
                raise EdgebertError(f"{name.replace('_', ' ')} is {value!r}; {what}")
        if self.precision not in ("float32", "bfloat16"):
            raise EdgebertError(f"precision is {self.precision!r}; accepted: float32, bfloat16")
        if self.qat not in (None, "int8", "int8-full"):
            raise EdgebertError(f"qat is {self.qat!r}; accepted: int8, int8-full")
        if self.qat is not None and self.precision != "float32":
            raise EdgebertError(
                f"qat rounds float32, not {self.precision}: leave one of the two out"
            )


@dataclass(frozen=True, kw_only=True)
class ResolvedSettings(Settings):
    """Settings with nothing left open: those that a run goes by."""

    epochs: int
    batch_size: int
    learning_rate: float
    dropout: float

    _optional: ClassVar[frozenset[str]] = frozenset({"patience"})

    def learning_rate_at(self, step: int, steps: int) -> float:
        """The learning rate of a step, counted from 0, of a run of so many steps."""
        warm = math.ceil(self.warmup * steps)
        if step < warm:
            return self.learning_rate * (step + 1) / warm
        return self.learning_rate * (steps - step) / (steps - warm)
