"""Whether students learn from a second teacher: the vectors that the first one began with."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgebert.arrays import Array
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.convert import convert
from edgebert.dataset.samples import Kind
from edgebert.errors import TruncationWarning
from edgebert.evaluation.readers import Row, read_rows
from edgebert.files import sha256_of
from edgebert.fitting.data import FitData
from edgebert.fitting.journal import Journal
from edgebert.fitting.search import Measured
from edgebert.fitting.training import TrainingCommands
from edgebert.progress import Progress
from edgebert.runtime.model import load
from edgebert.train.distillation.softmax_regression import SoftmaxRegression

_LEAST = 1e-12
"""Below it a probability counts as this: 0 has no logarithm."""


@dataclass(frozen=True)
class SecondTeacher:
    """How often teachers are right on dev.

    Attributes:
        alone: the first one, as a share.
        together: it and a softmax regression on the embedder's vectors: the mean of their scores.
    """

    alone: float
    together: float

    @property
    def helps(self) -> bool:
        """Whether both together are right more often.

        Topics are told by an embedder's vectors as they come, sentiments are not: on 2,000 rows of
        SST-2 a second teacher costs a point (docs/fit.md).
        """
        return self.together > self.alone

    def __str__(self) -> str:
        learned = "students learn from both" if self.helps else "it is left out"
        return (
            f"second teacher, its vectors before: right on dev {self.alone:.4f} without it, "
            f"{self.together:.4f} with it; {learned}"
        )


def can_probe(teacher: Checkpoint, data: FitData) -> bool:
    """Whether a softmax regression on a teacher's vectors can be a second teacher."""
    return teacher.task == "embed" and data.kind == Kind("classify") and not data.has_pairs


def second_teacher_helps(
    training: TrainingCommands, largest: Measured, journal: Journal, progress: Progress
) -> bool:
    """Whether a softmax regression on the teacher's first vectors makes it right more often."""
    data = training.data
    digests = {split: sha256_of(data.path(split)) for split in ("train", "dev")}
    found = journal.step(
        "second teacher",
        "second teacher: whether its vectors as they came know more",
        {"teacher": training.teacher, "file": sha256_of(largest.file), **digests},
        [],
        lambda: asdict(
            try_second_teacher(
                largest.file, training.teacher, data, journal.work / "second", progress
            )
        ),
    )
    second = SecondTeacher(**found)
    journal.notify(str(second))
    return second.helps


def try_second_teacher(
    file: Path, embedder: str, data: FitData, folder: Path, progress: Progress
) -> SecondTeacher:
    """Measures the first teacher's file on dev, and what it says together with the embedder.

    Args:
        file: a classifier of single texts with one label each.
        embedder: what it was fine-tuned from.
        data: of the fit.
        folder: for the embedder's file.
        progress: called as the texts get on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    convert(embedder, folder / "embedder.tflite", force=True, progress=progress)
    train, dev = (list(read_rows(data.path(split))) for split in ("train", "dev"))
    with load(file) as model:
        labels = list(model.labels or ())
        answers = _all(model, dev, progress)
    said = np.log(np.maximum([list(each.scores.values()) for each in answers], _LEAST))
    with load(folder / "embedder.tflite") as model:
        known, asked = (np.stack(_all(model, rows, progress)) for rows in (train, dev))
    learned, right = (np.array([labels.index(row.label) for row in rows]) for rows in (train, dev))
    probe = SoftmaxRegression.of(known, learned, len(labels)).scores(asked)
    return SecondTeacher(_share(said, right), _share(said + probe, right))


def _all(model: Any, rows: Sequence[Row], progress: Progress) -> list[Any]:
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TruncationWarning)  # check-data has told how many are
        for answer in model.batch(row.text for row in rows):
            found.append(answer)
            progress(len(found), len(rows), "asking the teachers")
    return found


def _share(scores: Array, right: Array) -> float:
    return float((scores.argmax(axis=1) == right).mean())
