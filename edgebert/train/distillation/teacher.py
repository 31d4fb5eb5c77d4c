"""A teacher's scores (logits) for the texts of a transfer set.

A checkpoint runs as a float32 .tflite of ours, so any that `convert` reads can teach; its scores
are computed once, kept on disk, and resumed after an interruption. Or scores come from a file that
was made elsewhere (`teacher_file`). Scores are logarithms of probabilities, for a softmax as good
as the logits; of independent labels they are the logits, of regressions values, of embedders
sentence vectors; of taggers and answerers they are probabilities for each word.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edgebert.arrays import Array
from edgebert.bert.tasks import LABELLED, TaskName
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.labels import default_labels
from edgebert.errors import EdgebertError
from edgebert.evaluation.texts import Text
from edgebert.progress import Progress
from edgebert.runtime.answer_json import to_json
from edgebert.runtime.model import Model
from edgebert.runtime.tasks.answer import STARTS_AND_ENDS
from edgebert.train.cluster import SINGLE_WORKER
from edgebert.train.distillation.soft_words import SoftWords
from edgebert.train.distillation.tasks import TASKS, find_task
from edgebert.train.distillation.teacher_scores import TeacherScores, TeacherWords
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


class Teacher(ABC):
    """Whoever has scores for texts.

    Attributes:
        name: as the user named it.
        task: what it does, one of `tasks.TASKS`.
        multi_label: whether its labels are independent of each other.
        labels: of its scores; none of a regression or embedder.
        checkpoint: whose activations can be read; None: there are none.
        fingerprint: by which it is known again.
        knows_any_text: it has scores for every text, not for some alone.
        unit_length: of an embedder without a checkpoint: its vectors have length 1.
    """

    name: str
    task: TaskName
    multi_label: bool
    labels: tuple[str, ...]
    checkpoint: Checkpoint | None
    fingerprint: str
    knows_any_text: bool = True
    unit_length: bool = False

    @abstractmethod
    def scores(
        self, texts: Sequence[Text], transfer: str, folder: Path, progress: Progress
    ) -> Array | Sequence[SoftWords]:
        """Scores of all texts.

        Args:
            texts: to be labelled.
            transfer: a fingerprint of them.
            folder: to keep scores in.
            progress: called with how many texts are done.

        Returns:
            float32 [N, K]; of taggers and answerers, of the words of each text.
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
        width = find_task(task).width
        self._width = None if width is None else width(checkpoint)
        self.labels = ()
        if head := LABELLED.get(self.task):
            checkpoint.require("labels")
            self.labels = checkpoint.labels or default_labels(
                len(checkpoint.weights[f"{head}.bias"])
            )
        self.fingerprint = fingerprint(checkpoint)

    def scores(
        self, texts: Sequence[Text], transfer: str, folder: Path, progress: Progress
    ) -> Array | Sequence[SoftWords]:
        """Computes those that `folder` has not; of several workers each computes its share.

        `scores.f32` has them all, `scores-0-of-2.f32` those of one of two workers; `words.jsonl`
        those of words, which several workers do not share.

        Raises:
            EdgebertError: a file cannot be written.
        """
        made_of = {"teacher": self.fingerprint, "transfer": transfer}
        if self._width is None:
            return self._words(texts, TeacherWords(folder / "words.jsonl", made_of), progress)
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

    def _words(
        self, texts: Sequence[Text], file: TeacherWords, progress: Progress
    ) -> Sequence[SoftWords]:
        if current_cluster() != SINGLE_WORKER:
            raise EdgebertError(
                f"{self.name}: for {self.task}, which is distilled on one machine; leave TF_CONFIG "
                "unset"
            )
        if file.lines() < len(texts):
            with converted_model(self._checkpoint) as model:
                file.fill(texts, partial(_lines, model), progress)
        return file.read(self.labels or STARTS_AND_ENDS)

    def _fill(self, file: TeacherScores, texts: Sequence[Text], progress: Progress) -> Array:
        if file.rows() == len(texts):
            return file.read()
        with converted_model(self._checkpoint) as model:
            return file.fill(texts, partial(_scores, model), progress)


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


def _lines(model: Model, texts: Sequence[Text]) -> list[str]:
    """What a model says of each word of texts, as `edgebert run --scores` writes it."""
    options: dict[str, Any] = {"scores": True}
    if model.task == "tag":
        options["long"] = "windows"
    replies = model.batch(((each.text, each.pair) for each in texts), replies=True, **options)
    return [
        json.dumps(to_json(model, each.text, each.pair, reply))
        for each, reply in zip(texts, replies, strict=True)
    ]
