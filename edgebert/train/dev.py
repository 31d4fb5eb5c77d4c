"""Labelled data to judge by, every row of which can be judged: told before anything is trained."""

from __future__ import annotations

from pathlib import Path

from edgebert.bert.tasks import TaskName
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.evaluation.columns import Columns
from edgebert.evaluation.data import DataSet, open_data
from edgebert.train.lessons import lesson_for


def open_dev(path: Path, task: TaskName, columns: Columns, start: Checkpoint) -> DataSet:
    """The data set of a file.

    Args:
        path: of the file; of embedders either kind of data, whatever is learned from.
        task: that is learned.
        columns: of the file.
        start: what is trained, with its labels.

    Raises:
        EdgebertError: a row cannot be judged, such as one with a label that is not known, or all
            rows together decide nothing.
    """
    lesson = lesson_for(task, path, columns, multi_label=start.multi_label)
    tokenizer = start.make_tokenizer()
    rows = lesson.read(path, columns)
    lesson.check(list(lesson.examples(rows, tokenizer, start.labels or ())), path)
    return open_data(path, task, columns, multi_label=start.multi_label)
