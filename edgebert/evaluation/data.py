"""A data set as models are evaluated on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from edgebert.errors import EdgebertError
from edgebert.evaluation.columns import USUAL, Columns
from edgebert.evaluation.evaluators import evaluator_for
from edgebert.evaluation.evaluators.evaluator import Evaluator


@dataclass(frozen=True)
class DataSet:
    """Examples, and who evaluates models on them.

    Attributes:
        read: begins anew at each call; examples come one at a time.
    """

    evaluator: Evaluator
    read: Callable[[], Iterator[Any]]

    def check(self) -> None:
        """Reads all examples, so that what is wrong with one is told before anything is begun.

        Raises:
            EdgebertError: one cannot be read; file and line are named.
        """
        for _ in self.read():
            pass

    def require_metric(self, name: str | None) -> None:
        """That there is such a metric, if one is named.

        Raises:
            EdgebertError: there is not.
        """
        if name is not None and name not in self.evaluator.metrics:
            raise EdgebertError(f"metric {name!r}; accepted: {', '.join(self.evaluator.metrics)}")


def open_data(
    path: Path, task: str, columns: Columns = USUAL, *, multi_label: bool = False
) -> DataSet:
    """The data set of a file, for models of one task.

    | task | data | metrics |
    |---|---|---|
    | classify | TSV, CSV or JSON Lines: text, or a pair, and label | accuracy, macro_f1, matthews |
    | classify, multi-label | the same, labels as `a|b` | micro_f1, macro_f1, exact_match |
    | regress | the same, with a number as the label | spearman, pearson |
    | embed | the same with pairs; or query and positive | spearman, pearson; or mrr@10, recall@k |
    | tag | CoNLL columns | f1, precision, recall of entities |
    | answer | SQuAD JSON | f1, exact_match |
    | fill-mask | plain text, one a line | top1_accuracy, top5_accuracy, perplexity |

    Raises:
        EdgebertError: the task cannot be evaluated, or the first example cannot be read.
    """
    evaluator = evaluator_for(task, path, columns, multi_label=multi_label)
    next(evaluator.read(path, columns), None)
    return DataSet(evaluator, partial(evaluator.read, path, columns))
