"""Settings that follow from what is trained and from how much data: the one table of defaults.

Where the figures come from, and how far they are from the best of a search: docs/training.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from edgebert.bert.tasks import TaskName
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.formatting import plural
from edgebert.train.settings import DERIVED, ResolvedSettings, Settings


@dataclass(frozen=True)
class Problem:
    """What decides the settings that are left open.

    Attributes:
        task: that is learned; `fill-mask`: the model is pre-trained.
        layers: of the model.
        hidden_size: its width.
        rows: examples to learn from.
        labels: outputs of a head with labels; 0 where there are none.
        labelled: share of the rows that have a right label; a teacher scores the others.
    """

    task: TaskName
    layers: int
    hidden_size: int
    rows: int
    labels: int = 0
    labelled: float = 1.0

    @classmethod
    def of(cls, start: Checkpoint, task: TaskName, rows: int, *, labelled: float = 1.0) -> Problem:
        """That of training such a checkpoint, which has the heads of its task, on so many rows."""
        config = start.config
        labels = len(start.labels or ())
        return cls(task, config.num_hidden_layers, config.hidden_size, rows, labels, labelled)

    @property
    def many_unlabelled(self) -> bool:
        """Whether there are many texts, and mostly a teacher alone says what is right of them."""
        return self.rows >= _MANY_ROWS and self.labelled < _MOSTLY

    def __str__(self) -> str:
        labels = f", {plural(self.labels, 'label')}" if self.labels else ""
        return f"{self.layers}/{self.hidden_size}, {plural(self.rows, 'example')}{labels}"


def resolve_settings(given: Settings, problem: Problem) -> ResolvedSettings:
    """The settings with what they leave open filled in.

    A batch size that is given decides over the epochs: it is the number of steps that is needed.
    """
    defaults = _pretraining() if problem.task == "fill-mask" else _fine_tuning(given, problem)
    chosen = {field.name: getattr(given, field.name) for field in fields(given)}
    missing = {name: defaults[name] for name in DERIVED if chosen[name] is None}
    return ResolvedSettings(**{**chosen, **missing})


def describe_derived(given: Settings, resolved: ResolvedSettings) -> str:
    """For people: which settings were left open, and what they became; empty where none was."""
    values = [
        f" --{name.replace('_', '-')} {getattr(resolved, name):g}"
        for name in DERIVED
        if getattr(given, name) is None
    ]
    return "".join(values)


_BATCH_SIZES = ((500, 16), (2_000, 32))
"""Up to so many rows, examples a batch."""

_BATCH_SIZES_OF = {"tag": ((50, 8),)}
"""Of tasks that learn too little of few rows in as few steps as larger batches make."""

_LARGE_BATCH = 64
_LEAST_EPOCHS, _MOST_EPOCHS = 3, 40
_MOST_EPOCHS_OF = {"tag": 20, "embed": 20, "regress": 20}
"""Of tasks that learn few rows by heart sooner."""

_MANY_LABELS = 20
"""From so many on a new head has the most to learn."""

_FEW_PAIRS = 200
"""Up to so many an embedder, which knows its texts already, had better be changed little."""

_STEPS = {True: 3_000, False: 600}
"""Of a narrow model, by whether there are many labels; a wider one needs half of them."""

_NARROW = 256
"""Up to this width a model has too few weights to learn its data by heart: dropout costs more."""

_MANY_ROWS, _MOSTLY = 20_000, 0.5
"""Rows, and the share of labelled ones below which a distillation goes by its teacher."""

_UNLABELLED_BATCH, _UNLABELLED_STEPS = 128, 6_000
"""Soft labels of many texts are not learned by heart: more steps still bring something."""


class DistillationDefaults(NamedTuple):
    """What a distillation goes by.

    Attributes:
        temperature: that softens both distributions.
        hard: share of the loss on right labels, of rows that have one.
    """

    temperature: float
    hard: float


def distillation_defaults(problem: Problem) -> DistillationDefaults:
    """That of a teacher of such a problem."""
    if problem.many_unlabelled:
        return DistillationDefaults(2.0, 0.0)
    return DistillationDefaults(1.0, 0.5 if problem.labelled else 0.0)


def _pretraining() -> dict[str, Any]:
    return {"epochs": 10, "batch_size": 64, "learning_rate": 1e-3, "dropout": 0.1}


def _fine_tuning(given: Settings, problem: Problem) -> dict[str, Any]:
    narrow = problem.hidden_size <= _NARROW
    if problem.many_unlabelled:
        usual, most_steps = _UNLABELLED_BATCH, _UNLABELLED_STEPS
    else:
        sizes = (*_BATCH_SIZES_OF.get(problem.task, ()), *_BATCH_SIZES)
        fitting = (size for rows, size in sizes if problem.rows <= rows)
        usual, most_steps = next(fitting, _LARGE_BATCH), _STEPS[problem.labels >= _MANY_LABELS]
    size = given.batch_size or usual
    steps = most_steps * (1.0 if narrow else 0.5)
    most_epochs = _MOST_EPOCHS_OF.get(problem.task, _MOST_EPOCHS)
    epochs = round(steps * size / max(1, problem.rows))
    defaults = {
        "epochs": min(most_epochs, max(_LEAST_EPOCHS, epochs)),
        "batch_size": size,
        "learning_rate": _learning_rate(problem),
        "dropout": 0.0 if narrow else 0.1,
    }
    return {**defaults, **_continued_training(defaults)} if given.qat or given.prune else defaults


def _continued_training(defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What is other for `qat` and `prune`, which are for a model that is trained already."""
    return {"epochs": 3, "dropout": 0.0, "learning_rate": defaults["learning_rate"] / 10}


def _learning_rate(problem: Problem) -> float:
    """That of 2/128; less the wider and, by the root, the deeper; one digit."""
    few_labels = problem.task == "classify" and problem.labels < _MANY_LABELS
    few_pairs = problem.task == "embed" and problem.rows <= _FEW_PAIRS
    base = 3e-4 if few_labels or few_pairs else 1e-3
    narrower = min(1.0, 128 / problem.hidden_size) * min(1.0, math.sqrt(2 / problem.layers))
    return float(f"{base * narrower:.0e}")
