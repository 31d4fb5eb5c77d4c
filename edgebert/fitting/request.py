"""What is asked of `edgebert fit`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from edgebert.checkpoints.sources import MINILM
from edgebert.converter.abstain import check_confidence
from edgebert.converter.options import RuntimeName
from edgebert.errors import EdgebertError
from edgebert.evaluation.columns import USUAL, Columns

_SEEDS = 1 << 31
"""As many as the trainings take."""


@dataclass(frozen=True)
class FitRequest:
    """Data, limits and what else the user may decide.

    Attributes:
        train: labelled data.
        output: folder to write.
        dev: labelled data to choose by; None: a part of `train`.
        test: labelled data to measure the result on; None: a part of `train`.
        out_of_scope: texts that belong to no label: half for students to learn that none is
            likelier, a quarter for the rule of when a classifier abstains, a quarter for test.
        teachable: further labels can be taught to the classifier (`converter.teach`).
        columns: of all of them.
        task: classify, regress or tag; None: read from the data.
        multi_label: of classify: a text may have several labels, or none.
        max_mb: largest file, millions of bytes.
        max_ms: longest median time of an answer on the device, milliseconds.
        device: as of `edgebert benchmark`.
        min_metric: least figure of the task's first metric on dev.
        max_drop: most that the figure may be below the teacher's.
        max_wrong: most wrong answers, as a share, among those that a classifier gives; None: half
            of its wrong answers on dev, but as many as it takes to show it (`usual_max_wrong`).
        confidence: chance, over dev sets, with which `max_wrong` holds; None: 0.95.
        hours: for training; no student is begun that would not end in time.
        teacher: a checkpoint.
        runtime: that the file is to run on, as of `edgebert convert`.
        seed: of the split and of all trainings.
        allow_leak: texts of train may stand in `dev` and `test` too.

    Raises:
        EdgebertError: a limit is out of range.
    """

    train: tuple[Path, ...]
    output: Path
    dev: Path | None = None
    test: Path | None = None
    out_of_scope: Path | None = None
    teachable: bool = False
    columns: Columns = USUAL
    task: str | None = None
    multi_label: bool = False
    max_mb: float | None = None
    max_ms: float | None = None
    device: str = "local"
    min_metric: float | None = None
    max_drop: float | None = None
    max_wrong: float | None = None
    confidence: float | None = None
    hours: float | None = None
    teacher: str = MINILM
    runtime: RuntimeName = "litert"
    seed: int = 1
    allow_leak: bool = False

    def __post_init__(self) -> None:
        for name in ("max_mb", "max_ms", "hours"):
            value = getattr(self, name)
            if value is not None and not (value > 0 and math.isfinite(value)):
                raise EdgebertError(f"--{name.replace('_', '-')} is {value:g}; give more than 0")
        if self.min_metric is not None and self.max_drop is not None:
            raise EdgebertError("--min-metric and --max-drop exclude each other; give one of them")
        for name in ("min_metric", "max_drop"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise EdgebertError(f"--{name.replace('_', '-')} is {value:g}; give 0 to 1")
        self._check_bound()
        if self.runtime not in get_args(RuntimeName):
            accepted = ", ".join(get_args(RuntimeName))
            raise EdgebertError(f"--runtime is {self.runtime!r}; accepted: {accepted}")
        if not 0 <= self.seed < _SEEDS:
            raise EdgebertError(f"--seed is {self.seed}; give 0 to {_SEEDS - 1}")
        if self.task not in (None, "classify", "regress", "tag"):
            raise EdgebertError(f"--task is {self.task!r}; accepted: classify, regress, tag")

    def _check_bound(self) -> None:
        if self.max_wrong is not None and not 0 < self.max_wrong < 1:
            raise EdgebertError(f"--max-wrong is {self.max_wrong:g}; give a share, such as 0.03")
        if self.confidence is not None:
            check_confidence(self.confidence, self.max_wrong)


_LEAST_WRONG = 0.02
_ROWS_NEEDED = 10.0
"""Rows of dev, times the bound, that show well whether it holds (`converter.risk_bound`)."""


def usual_max_wrong(accuracy: float, rows: int) -> float:
    """The share of wrong answers that a classifier of such accuracy on so many rows has to keep to.

    Half as many as without a rule: an absolute bound leaves a model that errs often hardly anything
    to say, and one that errs seldom nothing to withhold. Few rows show no low bound to hold.
    """
    half = round((1 - accuracy) / 2, 3)
    return min(0.5, max(_LEAST_WRONG, half, round(_ROWS_NEEDED / rows, 3)))
