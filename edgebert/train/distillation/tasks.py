"""The tasks that can be distilled: one module and one row each."""

from __future__ import annotations

from collections.abc import Mapping

from edgebert.bert.tasks import TaskName
from edgebert.train.distillation.embed import EMBED
from edgebert.train.distillation.task import DistillationTask
from edgebert.train.distillation.texts import CLASSIFY, MULTI_LABEL, REGRESS
from edgebert.train.distillation.words import ANSWER, TAG

TASKS: Mapping[TaskName, DistillationTask] = {
    "classify": CLASSIFY,
    "regress": REGRESS,
    "embed": EMBED,
    "tag": TAG,
    "answer": ANSWER,
}


def find_task(task: TaskName, *, multi_label: bool = False) -> DistillationTask:
    """How a model for one of `TASKS` is distilled."""
    return MULTI_LABEL if multi_label else TASKS[task]
