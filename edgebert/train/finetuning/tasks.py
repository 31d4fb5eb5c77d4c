"""How each task is learned from labelled data: one module a kind of data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from edgebert.bert.tasks import TaskName, require_learned
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.evaluation.columns import Columns, has_queries
from edgebert.evaluation.data import DataSet, open_data
from edgebert.evaluation.records import read_header
from edgebert.train.finetuning.answer import ANSWER
from edgebert.train.finetuning.embed import PAIRS, QUERIES
from edgebert.train.finetuning.tag import TAG
from edgebert.train.finetuning.task import FineTuningTask
from edgebert.train.finetuning.texts import CLASSIFY, MULTI_LABEL, REGRESS


def find_task(
    task: str, path: Path, columns: Columns, *, multi_label: bool = False
) -> FineTuningTask:
    """How `task` is learned from data like that of `path`.

    Args:
        task: its name.
        path: of the data.
        columns: of the data.
        multi_label: of classify: the labels are independent of each other.

    Raises:
        EdgebertError: the task cannot be learned from labels, or the data cannot be read.
    """
    require_learned(task)
    if multi_label:
        return MULTI_LABEL
    return _TASKS[task](path, columns)  # type: ignore[index]


def _for_embed(path: Path, columns: Columns) -> FineTuningTask:
    return QUERIES if has_queries(read_header(path, columns), columns) else PAIRS


_TASKS: Mapping[TaskName, Callable[[Path, Columns], FineTuningTask]] = MappingProxyType(
    {
        "classify": lambda path, columns: CLASSIFY,
        "regress": lambda path, columns: REGRESS,
        "tag": lambda path, columns: TAG,
        "answer": lambda path, columns: ANSWER,
        "embed": _for_embed,
    }
)


def open_dev_data(path: Path, task: TaskName, columns: Columns, start: Checkpoint) -> DataSet:
    """The data set of a file.

    Args:
        path: of the file; of embedders either kind of data, whatever is learned from.
        task: that is learned.
        columns: of the file.
        start: what is trained, with its labels.

    Raises:
        EdgebertError: a row cannot be evaluated, such as one with a label that is not known, or all
            rows together decide nothing.
    """
    found = find_task(task, path, columns, multi_label=start.multi_label)
    tokenizer = start.make_tokenizer()
    rows = found.read(path, columns)
    found.check(list(found.examples(rows, tokenizer, start.labels or ())), path)
    return open_data(path, task, columns, multi_label=start.multi_label)
