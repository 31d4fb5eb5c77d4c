"""The gate inside a conversion: what the file loses on the user's own data against float32."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebert.bert.tasks import TaskName
from edgebert.converter.check import NOTHING_WRITTEN
from edgebert.errors import CheckFailedError, EdgebertError
from edgebert.evaluation.compare import Comparison, Gate, compare
from edgebert.evaluation.data import DataSet, open_data
from edgebert.progress import Progress
from edgebert.runtime.model import load


@dataclass(frozen=True)
class DataCheck:
    """A data set on which to compare the file with float32.

    Attributes:
        path: of the data, in a format of `edgebert evaluate`.
        max_drop: how much the data's first metric may lose; None: any amount.

    Raises:
        EdgebertError: `max_drop` is below 0 or no number.
    """

    path: Path
    max_drop: float | None = None

    def __post_init__(self) -> None:
        if self.max_drop is not None:
            Gate(self.max_drop)

    def open(self, task: TaskName, *, multi_label: bool) -> DataSet:
        """The data set, for models of a task.

        Raises:
            EdgebertError: it cannot be read, or the task cannot be evaluated.
        """
        return open_data(self.path, task, multi_label=multi_label)

    def compare(self, file: Path, float32: Path, progress: Progress) -> Comparison:
        """Evaluates both files.

        Raises:
            EdgebertError: the data does not fit the model.
        """
        with load(file) as model, load(float32) as baseline:
            data = self.open(model.task, multi_label=model.multi_label)
            return compare(model, baseline, data, progress=progress)

    def require(self, comparison: Comparison) -> None:
        """Makes sure that little enough was lost.

        Raises:
            CheckFailedError: the file loses more than `max_drop`.
        """
        if self.max_drop is not None:
            try:
                comparison.require(Gate(self.max_drop))
            except CheckFailedError as error:
                raise CheckFailedError(
                    f"against float32 on {self.path.name}: {error}; {NOTHING_WRITTEN}"
                ) from error

    def to_json(self, comparison: Comparison) -> dict[str, Any]:
        """What the file's record says of it."""
        return {
            "data": self.path.name,
            "rows": comparison.model.rows,
            "max_drop": self.max_drop,
            "metrics": {
                name: {
                    "value": value,
                    "float32": comparison.baseline.metrics[name],
                    "difference": comparison.differences[name],
                    "interval": comparison.intervals[name].to_json(),
                }
                for name, value in comparison.model.metrics.items()
            },
        }


def data_check(path: Path | None, max_drop: float | None, *, mixing: bool) -> DataCheck | None:
    """What a user asked for, None where nothing was.

    Args:
        path: of the data.
        max_drop: most that may be lost.
        mixing: without data, `max_drop` is of the mean cosine (--mixed auto).

    Raises:
        EdgebertError: `max_drop` without data, or below 0.
    """
    if max_drop is not None:
        Gate(max_drop)
    if path is None:
        if max_drop is not None and not mixing:
            raise EdgebertError("max drop needs data to measure it on: add --check DATA")
        return None
    return DataCheck(path, max_drop)
