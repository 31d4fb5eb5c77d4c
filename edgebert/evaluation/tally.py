"""Puts a data set to one or several models, row by row, and adds up what comes back."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from edgebert.errors import EdgebertError
from edgebert.evaluation.bootstrap import Figures
from edgebert.evaluation.data import DataSet
from edgebert.evaluation.evaluators.evaluator import EvaluatedModel, Observation
from edgebert.progress import Progress


class Items(NamedTuple):
    """What the answers to a data set give: of each item, in the order of the rows, [m].

    Attributes:
        scores: see `Item`.
        right: 0 or 1.
        given: 0 or 1.
        rows: number of the row that it was given to.
    """

    scores: Figures
    right: Figures
    given: Figures
    rows: Figures


@dataclass
class Tally:
    """What the observations of one model add up to."""

    rows: int = 0
    seconds: float = 0.0
    truncated: int = 0
    _figures: array[float] = field(default_factory=lambda: array("d"))
    _items: array[float] = field(default_factory=lambda: array("d"))

    def add(self, observation: Observation) -> None:
        """Takes one more observation."""
        for item in observation.items:
            self._items.extend((*item, self.rows))
        self.rows += 1
        self.seconds += observation.seconds
        self.truncated += observation.truncated
        self._figures.extend(observation.figures)

    def figures(self) -> Figures:
        """One row an observation, [n, c]; a view."""
        return np.frombuffer(self._figures).reshape(self.rows, -1)

    def items(self) -> Items:
        """What the answers gave; views."""
        return Items(*np.asarray(self._items, np.float64).reshape(-1, len(Items._fields)).T)


def check(models: Sequence[EvaluatedModel], data: DataSet) -> int:
    """Counts the examples, making sure that each can be evaluated, without running a model.

    Raises:
        EdgebertError: one cannot (it is named), or there are none.
    """
    count = 0
    for example in data.read():
        for model in models:
            data.evaluator.check(model, example)
        count += 1
    if not count:
        raise EdgebertError("the data set has no rows to evaluate on")
    return count


def observe(
    models: Sequence[EvaluatedModel], data: DataSet, progress: Progress
) -> Iterator[tuple[Observation, ...]]:
    """What each model makes of each example; the models take turns.

    Each model reads the data set anew, so that memory does not grow with it.

    Raises:
        EdgebertError: as `check`, or a model refuses a text.
    """
    total = check(models, data)
    done = 0

    def counted(examples: Iterable[Any]) -> Iterator[Any]:
        nonlocal done
        for example in examples:
            yield example
            done += 1
            progress(done, total * len(models), "evaluating")

    streams = [data.evaluator.observe(model, counted(data.read())) for model in models]
    yield from zip(*streams, strict=True)
