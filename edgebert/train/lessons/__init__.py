"""How each task is learned from labelled data: one module a kind of data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from edgebert.bert.tasks import TaskName
from edgebert.errors import EdgebertError
from edgebert.evaluation.columns import Columns, has_queries
from edgebert.evaluation.readers import read_header
from edgebert.train.lessons.answer import ANSWER
from edgebert.train.lessons.classify import CLASSIFY
from edgebert.train.lessons.embed import PAIRS, QUERIES
from edgebert.train.lessons.lesson import Lesson
from edgebert.train.lessons.multi_label import MULTI_LABEL
from edgebert.train.lessons.regress import REGRESS
from edgebert.train.lessons.tag import TAG


def lesson_for(task: str, path: Path, columns: Columns, *, multi_label: bool = False) -> Lesson:
    """How `task` is learned from data like that of `path`.

    Args:
        task: its name.
        path: of the data.
        columns: of the data.
        multi_label: of classify: the labels are independent of each other.

    Raises:
        EdgebertError: the task cannot be learned from labels, or the data cannot be read.
    """
    try:
        choose = _LESSONS[task]  # type: ignore[index]
    except KeyError as error:
        raise EdgebertError(
            f"task {task!r} cannot be fine-tuned; accepted: {', '.join(_LESSONS)}"
        ) from error
    return MULTI_LABEL if multi_label else choose(path, columns)


def _for_embed(path: Path, columns: Columns) -> Lesson:
    return QUERIES if has_queries(read_header(path), columns) else PAIRS


_LESSONS: Mapping[TaskName, Callable[[Path, Columns], Lesson]] = MappingProxyType(
    {
        "classify": lambda path, columns: CLASSIFY,
        "regress": lambda path, columns: REGRESS,
        "tag": lambda path, columns: TAG,
        "answer": lambda path, columns: ANSWER,
        "embed": _for_embed,
    }
)
