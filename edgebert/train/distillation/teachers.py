"""Several teachers of one student, whose scores are averaged; an embedder among classifiers.

The mean of logarithms of probabilities, their geometric mean, is right more often than each of
them, and less often sure of what is wrong (Lakshminarayanan et al. 2017, arXiv 1612.01474).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgebert.arrays import Array
from edgebert.bert.tasks import TaskName
from edgebert.errors import EdgebertError
from edgebert.evaluation.texts import Text
from edgebert.progress import Progress
from edgebert.train.distillation.soft_words import SoftWords
from edgebert.train.distillation.softmax_regression import SoftmaxRegression
from edgebert.train.distillation.teacher import Teacher
from edgebert.train.distillation.texts import CLASSIFY
from edgebert.train.distillation.transfer_set import TransferSet

_AVERAGED: tuple[TaskName, ...] = ("classify", "regress")


class TeacherEnsemble(Teacher):
    """Teachers for the same task with the same labels; the first is the one to begin with.

    Raises:
        EdgebertError: their tasks or labels differ, or they are for a task whose scores have no
            mean.
    """

    def __init__(self, teachers: Sequence[Teacher]) -> None:
        first = teachers[0]
        self.name = " and ".join(each.name for each in teachers)
        self.task, self.multi_label = first.task, first.multi_label
        self.labels, self.checkpoint = first.labels, first.checkpoint
        if self.task not in _AVERAGED:
            raise EdgebertError(
                f"{self.name}: for {self.task}, which one teacher alone teaches; several are for "
                f"{' and '.join(_AVERAGED)}"
            )
        for each in teachers[1:]:
            _check_same(first, each)
        self.knows_any_text = all(each.knows_any_text for each in teachers)
        self.fingerprint = " ".join(each.fingerprint for each in teachers)
        self._teachers = teachers

    def scores(
        self, texts: Sequence[Text], transfer: str, folder: Path, progress: Progress
    ) -> Array | Sequence[SoftWords]:
        """The mean; `folder` has the first one's scores, those of the second lie in its `2`."""
        total = np.zeros((len(texts), len(self.labels) or 1), np.float32)
        for number, each in enumerate(self._teachers, 1):
            own = folder if number == 1 else folder / str(number)
            found = np.asarray(each.scores(texts, transfer, own, progress))
            columns = [each.labels.index(label) for label in self.labels]
            total += found[:, columns] if columns else found
        total /= len(self._teachers)
        return total


def _check_same(first: Teacher, other: Teacher) -> None:
    if (other.task, other.multi_label) != (first.task, first.multi_label):
        kinds = ["multi-label " * each.multi_label + each.task for each in (first, other)]
        raise EdgebertError(
            f"{first.name} is for {kinds[0]}, and {other.name} for {kinds[1]}: teachers of one "
            "student are for the same task"
        )
    if lone := set(first.labels) ^ set(other.labels):
        raise EdgebertError(
            f"{first.name} and {other.name} have different labels: {sorted(lone)[0]!r} is of one "
            "alone"
        )


class LinearProbe(Teacher):
    """A softmax regression on the sentence vectors of an embedder, which stays as it is.

    Args:
        embedder: a teacher for `embed`.
        labels: that it is to know.
        transfer: whose labelled texts it learns them from.

    Raises:
        EdgebertError: there are no labelled texts, one is a pair of texts, or one has another
            label.
    """

    task: TaskName = "classify"
    multi_label, checkpoint = False, None

    def __init__(self, embedder: Teacher, labels: Sequence[str], transfer: TransferSet) -> None:
        if transfer.labelled is None:
            raise EdgebertError(
                f"{embedder.name}: an embedder, which learns the labels of the other teacher from "
                "labelled data: add --labels"
            )
        self.name, self.labels = embedder.name, tuple(labels)
        self.fingerprint = f"{embedder.fingerprint} {transfer.fingerprint}"
        self.knows_any_text = embedder.knows_any_text
        self._embedder = embedder
        self._known: dict[str, int] = {}
        for text, row in transfer.read():
            if text.pair is not None:
                raise EdgebertError(
                    f"{text.place}: a pair of texts, for which {self.name}, an embedder, is no "
                    "teacher: it has a vector for each of the two"
                )
            if row is not None:
                self._known.setdefault(text.text, CLASSIFY.target(row, self.labels))

    def scores(
        self, texts: Sequence[Text], transfer: str, folder: Path, progress: Progress
    ) -> Array:
        """Learns the labels from those of `texts` that have one; `folder` keeps the vectors."""
        vectors = np.asarray(self._embedder.scores(texts, transfer, folder, progress))
        labelled = [place for place, each in enumerate(texts) if each.text in self._known]
        learned = np.array([self._known[texts[place].text] for place in labelled])
        return SoftmaxRegression.of(vectors[labelled], learned, len(self.labels)).scores(vectors)
