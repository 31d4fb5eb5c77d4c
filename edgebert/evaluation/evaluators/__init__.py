"""How each task is evaluated: one module a kind of data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from edgebert.errors import EdgebertError
from edgebert.evaluation.columns import Columns, has_queries
from edgebert.evaluation.evaluators.answer import answer_evaluator
from edgebert.evaluation.evaluators.classify import CLASSIFY
from edgebert.evaluation.evaluators.correlate import PAIRS, REGRESS
from edgebert.evaluation.evaluators.evaluator import Evaluator
from edgebert.evaluation.evaluators.fill_mask import FILL_MASK
from edgebert.evaluation.evaluators.multi_label import MULTI_LABEL
from edgebert.evaluation.evaluators.retrieve import RETRIEVE
from edgebert.evaluation.evaluators.tag import TAG
from edgebert.evaluation.records import read_header


def evaluator_for(
    task: str, path: Path, columns: Columns, *, multi_label: bool = False
) -> Evaluator:
    """The evaluator of a model for `task` on the data of `path`.

    Args:
        task: of the model.
        path: of the data.
        columns: of the data.
        multi_label: of classify: the labels are independent of each other.

    Raises:
        EdgebertError: the task cannot be evaluated, or the data set cannot be read.
    """
    try:
        choose = _EVALUATORS[task]
    except KeyError as error:
        raise EdgebertError(
            f"task {task!r} cannot be evaluated; accepted: {', '.join(_EVALUATORS)}"
        ) from error
    return MULTI_LABEL if multi_label and task == "classify" else choose(path, columns)


def _for_embed(path: Path, columns: Columns) -> Evaluator:
    return RETRIEVE if has_queries(read_header(path, columns), columns) else PAIRS


_EVALUATORS: Mapping[str, Callable[[Path, Columns], Evaluator]] = MappingProxyType(
    {
        "classify": lambda path, columns: CLASSIFY,
        "embed": _for_embed,
        "regress": lambda path, columns: REGRESS,
        "tag": lambda path, columns: TAG,
        "answer": lambda path, columns: answer_evaluator(path),
        "fill-mask": lambda path, columns: FILL_MASK,
    }
)
