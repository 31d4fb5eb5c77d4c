"""All that a run must remember, in one file that is replaced whole."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from edgebert.bert.weights import Array
from edgebert.checkpoints.small_files import shown
from edgebert.checkpoints.writing.safetensors_file import write_safetensors
from edgebert.errors import EdgebertError
from edgebert.typed_json import from_json

_KEY = "edgebert"


@dataclass(frozen=True)
class Mark:
    """How far a run is.

    Attributes:
        step: steps done.
        best: the best dev figure so far, the higher the better; None: none yet.
        best_step: steps done when it was reached.
        since_best: evaluations since.
    """

    step: int = 0
    best: float | None = None
    best_step: int = 0
    since_best: int = 0

    def judged(self, figure: float) -> Mark:
        """After an evaluation."""
        if self.best is None or figure > self.best:
            return Mark(self.step, figure, self.step, 0)
        return Mark(self.step, self.best, self.best_step, self.since_best + 1)

    def to_array(self) -> Array:
        """All of it as numbers, float64 [4]; NaN for no figure."""
        best = math.nan if self.best is None else self.best
        return np.array([self.step, best, self.best_step, self.since_best], np.float64)

    @classmethod
    def from_array(cls, numbers: Array) -> Mark:
        """The other way round."""
        step, best, best_step, since_best = map(float, numbers)
        return cls(int(step), None if math.isnan(best) else best, int(best_step), int(since_best))


def write_state(path: Path, mark: Mark, tensors: Mapping[str, Array]) -> None:
    """Replaces the file.

    Raises:
        EdgebertError: it cannot be written; what was there stays.
    """
    try:
        write_safetensors(tensors, path, {_KEY: json.dumps(asdict(mark))}, force=True)
    except EdgebertError as error:
        raise EdgebertError(
            f"{error}; the run is safe up to its last save: make room and add --resume"
        ) from None


def read_state(path: Path) -> tuple[Mark, dict[str, Array]]:
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
        ) from None
    return from_json(Mark, metadata, str(path)), tensors
