"""A teacher's scores (logits) for the texts of a transfer set.

A checkpoint runs as a float32 .tflite of ours, so any that `convert` reads can teach; its scores
are computed once, kept on disk, and resumed after an interruption. Or scores come from a file that
was made elsewhere. Scores are logarithms of probabilities, for a softmax as good as the logits; of
independent labels they are the logits, of regressions values, of embedders sentence vectors.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from edgebert.arrays import Array
from edgebert.bert.tasks import TaskName
from edgebert.bulk.fingerprint import digest
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.labels import default_labels
from edgebert.errors import EdgebertError
from edgebert.evaluation.lines import read_lines
from edgebert.evaluation.texts import Text
from edgebert.progress import Progress
from edgebert.runtime.model import Model
from edgebert.train.cluster import SINGLE_WORKER
from edgebert.train.distillation.tasks import TASKS, find_task
from edgebert.train.distillation.teacher_scores import TeacherScores
from edgebert.train.evaluation import converted_model
from edgebert.train.fingerprint import fingerprint
from edgebert.train.strategy import (
    all_gather,
    check_workers_agree,
    chief_decides,
    current_cluster,
    own_shard,
    worker_folder,
)

_Key: TypeAlias = tuple[str, str | None]

_KINDS = {"text": str, "pair": str | None, "scores": dict}


class Teacher(ABC):
    """Whoever has scores for texts.

    Attributes:
        name: as the user named it.
        task: what it does, one of `tasks.TASKS`.
        multi_label: whether its labels are independent of each other.
        labels: of its scores; none of a regression or embedder.
        checkpoint: whose activations can be read; None: there are none.
        fingerprint: by which it is known again.
    """

    name: str
    task: TaskName
    multi_label: bool
    labels: tuple[str, ...]
    checkpoint: Checkpoint | None
    fingerprint: str

    @abstractmethod
    def scores(
        self, texts: Sequence[Text], transfer: str, folder: Path, progress: Progress
    ) -> Array:
        """Scores of all texts.

        Args:
            texts: to be labelled.
            transfer: a fingerprint of them.
            folder: to keep scores in.
            progress: called with how many texts are done.

        Returns:
            float32 [N, K].
        """


class CheckpointTeacher(Teacher):
    """A checkpoint that teaches.

    Raises:
        EdgebertError: it is for no task that can be distilled, or its labels cannot be read.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.name = checkpoint.source
        task = checkpoint.task
        if task is None or task not in TASKS:
            *first, last = TASKS
            raise EdgebertError(
                f"{self.name}: a checkpoint for {task or 'no task'}; a teacher for "
                f"{', '.join(first)} or {last} is needed: edgebert finetune makes one"
            )
        self._checkpoint = self.checkpoint = checkpoint
        self.task, self.multi_label = task, checkpoint.multi_label
        self._width = find_task(task).width(checkpoint)
        self.labels = ()
        if self.task == "classify":
            checkpoint.require("labels")
            self.labels = checkpoint.labels or default_labels(self._width)
        self.fingerprint = fingerprint(checkpoint)

    def scores(
        self, texts: Sequence[Text], transfer: str, folder: Path, progress: Progress
    ) -> Array:
        """Computes those that `folder` has not; of several workers each computes its share.

        `scores.f32` has them all, `scores-0-of-2.f32` those of one of two workers.

        Raises:
            EdgebertError: a file cannot be written.
        """
        made_of = {"teacher": self.fingerprint, "transfer": transfer}
        whole = TeacherScores(folder / "scores.f32", self._width, made_of)
        workers, count = current_cluster(), len(texts)
        if workers == SINGLE_WORKER:
            return self._fill(whole, texts, progress)
        check_workers_agree(made_of)
        own = own_shard(count)
        if chief_decides(whole.rows() == count):
            own = range(count if workers.is_chief else 0)
            rows = whole.read() if workers.is_chief else np.zeros((0, self._width), np.float32)
        else:
            name = f"scores-{workers.index}-of-{len(workers.workers)}.f32"
            share = replace(whole, path=worker_folder(folder) / name)
            rows = self._fill(share, texts[own.start : own.stop], progress)
        found = all_gather(rows, own, count)
        if workers.is_chief:
            whole.write(found)
        return found

    def _fill(self, file: TeacherScores, texts: Sequence[Text], progress: Progress) -> Array:
        if file.rows() == len(texts):
            return file.read()
        with converted_model(self._checkpoint) as model:
            return file.fill(texts, partial(_scores, model), progress)


class FileTeacher(Teacher):
    """Scores from a file: JSON Lines with `text`, perhaps `pair`, and `scores`.

    `scores` is an object of labels with their probabilities: what `edgebert run --input` writes for
    a classifier.

    Args:
        path: of the file.
        multi_label: the labels are independent of each other.

    Raises:
        EdgebertError: the file cannot be read, or a line has no such scores.
    """

    task: TaskName = "classify"
    checkpoint = None

    def __init__(self, path: Path, *, multi_label: bool = False) -> None:
        self.name = str(path)
        self.multi_label = multi_label
        self.fingerprint = digest(path)
        self._rows: dict[_Key, list[float]] = {}
        self.labels: tuple[str, ...] = ()
        for number, line in enumerate(read_lines(path), 1):
            record = _record(line, f"{path}, line {number}")
            if number == 1:
                self.labels = tuple(record["scores"])
            key = record["text"], record.get("pair")
            self._rows[key] = _row(record, self.labels, f"{path}, line {number}")
        if len(self.labels) < 2:
            raise EdgebertError(f"{path}: scores of at least two labels are needed")

    def scores(
        self, texts: Sequence[Text], transfer: str, folder: Path, progress: Progress
    ) -> Array:
        """Finds them by their text.

        Raises:
            EdgebertError: a text has none.
        """
        for text in texts:
            if (text.text, text.pair) not in self._rows:
                raise EdgebertError(f"{text.place}: {self.name} has no scores for this text")
        rows = [self._rows[text.text, text.pair] for text in texts]
        task = find_task(self.task, multi_label=self.multi_label)
        return task.scores(np.array(rows, np.float32))


_ROWS: Mapping[TaskName, Callable[[Any], Any]] = {
    "classify": lambda answer: list(answer.scores.values()),
    "regress": lambda value: [value],
    "embed": lambda vector: vector,
}
"""A task's answer as a row of scores."""


def _scores(model: Model, texts: Sequence[Text]) -> Array:
    """What a model says of texts, by as many threads as there are processors."""
    row = _ROWS[model.task]
    replies = model.batch(((each.text, each.pair) for each in texts), replies=True)
    values = np.array([row(reply.value) for reply in replies], np.float32)
    return find_task(model.task, multi_label=model.multi_label).scores(values)


def _record(line: str, place: str) -> Mapping[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        record = None
    if isinstance(record, dict) and all(isinstance(record.get(n), k) for n, k in _KINDS.items()):
        return record
    raise EdgebertError(
        f"{place}: no JSON object with text and scores, and perhaps pair, as edgebert run --input "
        "writes"
    )


def _row(record: Mapping[str, Any], labels: Sequence[str], place: str) -> list[float]:
    scores = record["scores"]
    row = [scores.get(label) for label in labels]
    if len(scores) != len(labels) or not all(
        type(value) in (int, float) and 0 <= value <= 1 for value in row
    ):
        raise EdgebertError(
            f"{place}: a probability from 0 to 1 is needed for each of the {len(labels)} labels "
            "of the first line"
        )
    return row
