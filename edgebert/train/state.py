"""The saved state of a run, in one file that is replaced whole."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass, fields, replace
from pathlib import Path

import numpy as np

from edgebert.arrays import Array
from edgebert.checkpoints.writing.safetensors_file import write_safetensors
from edgebert.errors import EdgebertError
from edgebert.text_files import shown
from edgebert.typed_json import from_json

_KEY = "edgebert"

EARLY = 0.8
"""Share of a run with whose best figure the end is compared."""

RISE = 0.01
"""A dev figure that grows by more than this in the rest of a run still rises."""


@dataclass(frozen=True)
class TrainerState:
    """How far a run is.

    Attributes:
        step: steps done.
        best: the best dev figure so far, the higher the better; None: none yet.
        best_step: steps done when it was reached.
        since_best: evaluations since.
        early: the best figure in the first `EARLY` of the run; None: none yet.
        margin: later figures that are below the best by no more are as good; None: none are.
        kept_step: steps done when the weights were kept that are the best for now: the last whose
            figure is as good as the best.
    """

    step: int = 0
    best: float | None = None
    best_step: int = 0
    since_best: int = 0
    early: float | None = None
    margin: float | None = None
    kept_step: int = 0

    def after_evaluation(
        self, figure: float, steps: int, margin: float | None = None
    ) -> TrainerState:
        """After an evaluation in a run of so many steps."""
        if self.best is None or figure > self.best:
            state = replace(
                self,
                best=figure,
                best_step=self.step,
                since_best=0,
                margin=margin,
                kept_step=self.step,
            )
        else:
            state = replace(self, since_best=self.since_best + 1)
            if self.margin is not None and figure >= self.best - self.margin:
                state = replace(state, kept_step=self.step)
        return replace(state, early=state.best) if self.step <= EARLY * steps else state

    @property
    def rises(self) -> bool:
        """Whether the figure of a run that has ended rose to the end, by more than `RISE`."""
        return (
            self.best is not None
            and self.early is not None
            and self.best - self.early > RISE
            and self.since_best == 0
        )

    def to_array(self) -> Array:
        """All of it as numbers, float64 [7]; NaN for no figure."""
        numbers = (math.nan if each is None else each for each in astuple(self))
        return np.array([*numbers], np.float64)

    @classmethod
    def from_array(cls, numbers: Array) -> TrainerState:
        """The other way round."""
        found = {
            field.name: None if math.isnan(number) else number
            for field, number in zip(fields(cls), map(float, numbers), strict=True)
        }
        counts = ("step", "best_step", "since_best", "kept_step")
        return cls(**{**found, **{name: int(found[name] or 0) for name in counts}})  # type: ignore[arg-type]


def write_state(path: Path, state: TrainerState, tensors: Mapping[str, Array]) -> None:
    """Replaces the file.

    Raises:
        EdgebertError: it cannot be written; what was there stays.
    """
    try:
        write_safetensors(tensors, path, {_KEY: json.dumps(asdict(state))}, force=True)
    except EdgebertError as error:
        raise EdgebertError(
            f"{error}; the run is safe up to its last save: make room and add --resume"
        ) from error


def read_state(path: Path) -> tuple[TrainerState, dict[str, Array]]:
    """What `write_state` wrote.

    Raises:
        EdgebertError: no such file, or not one of ours.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            metadata = json.loads((file.metadata() or {})[_KEY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise EdgebertError(
            f"{path}: not the state of a run, or damaged ({shown(error)})"
        ) from error
    return from_json(TrainerState, metadata, str(path)), tensors
