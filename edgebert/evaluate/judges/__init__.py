"""How each task is judged: one module a kind of data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from edgebert.errors import EdgebertError
from edgebert.evaluate.columns import Columns, has_queries
from edgebert.evaluate.judges.answer import answer_judge
from edgebert.evaluate.judges.classify import CLASSIFY
from edgebert.evaluate.judges.correlate import PAIRS, REGRESS
from edgebert.evaluate.judges.fill_mask import FILL_MASK
from edgebert.evaluate.judges.judge import Judge
from edgebert.evaluate.judges.multi_label import MULTI_LABEL
from edgebert.evaluate.judges.retrieve import RETRIEVE
from edgebert.evaluate.judges.tag import TAG
from edgebert.evaluate.readers import read_header


def judge_for(task: str, path: Path, columns: Columns, *, multi_label: bool = False) -> Judge:
    """The judge of a model for `task` on the data of `path`.

    Args:
        task: of the model.
        path: of the data.
        columns: of the data.
        multi_label: of classify: the labels are independent of each other.

    Raises:
        EdgebertError: the task cannot be judged, or the data set cannot be read.
    """
    try:
        choose = _JUDGES[task]
    except KeyError:
        raise EdgebertError(
            f"task {task!r} cannot be evaluated; accepted: {', '.join(_JUDGES)}"
        ) from None
    return MULTI_LABEL if multi_label and task == "classify" else choose(path, columns)


def _for_embed(path: Path, columns: Columns) -> Judge:
    return RETRIEVE if has_queries(read_header(path), columns) else PAIRS


_JUDGES: Mapping[str, Callable[[Path, Columns], Judge]] = MappingProxyType(
    {
        "classify": lambda path, columns: CLASSIFY,
        "embed": _for_embed,
        "regress": lambda path, columns: REGRESS,
        "tag": lambda path, columns: TAG,
        "answer": lambda path, columns: answer_judge(path),
        "fill-mask": lambda path, columns: FILL_MASK,
    }
)
