"""Evaluation on dev data, of the weights as they will run: a temporary .tflite.

What is measured while training is so what `edgebert evaluate` measures afterwards, for every task,
and by code that shares nothing with the network that is trained.
"""

from __future__ import annotations

import contextlib
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np

from edgebert.bert.tasks import TaskName
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.convert_checkpoint import convert_checkpoint
from edgebert.converter.options import Options, RecipeName
from edgebert.converter.plan import plan
from edgebert.errors import EdgebertError
from edgebert.evaluation.bootstrap import Figures, Measure, draw
from edgebert.evaluation.data import DataSet
from edgebert.evaluation.tally import Tally, observe
from edgebert.progress import silent
from edgebert.runtime.model import Model, load
from edgebert.train.settings import ResolvedSettings

_CORRELATIONS = ("matthews", "spearman")
"""Metrics that are about 0 where answers have nothing to do with what is right."""

_DEVIATIONS = 2.0  # by which a correlation must differ from 0
_FEWEST = 25  # rows; guesses on fewer look like knowledge, and knowledge like guesses


class DevResult(NamedTuple):
    """What an evaluation found.

    Attributes:
        metrics: by name.
        figure: the one that decides which weights are best, the higher the better.
        rows: that were evaluated; with few of them it is not known what is at chance.
        margin: later figures that are below this one by no more are as good; None: none are.
    """

    metrics: Mapping[str, float]
    figure: float
    rows: int = 0
    margin: float | None = None

    @property
    def at_chance(self) -> bool:
        """Whether guessing is as good: a correlation within its error of 0, or nothing found.

        Accuracy would not do: of many rows with one label a constant answer has much of it. The
        correlation of guesses has a deviation of about 1/√rows.
        """
        if self.rows < _FEWEST:
            return False
        if self.figure == -math.inf:  # such as a correlation with equal answers
            return True
        for name in _CORRELATIONS:
            if name in self.metrics:
                return self.metrics[name] <= _DEVIATIONS / math.sqrt(self.rows)
        return not any(self.metrics.values())


EvaluateCheckpoint: TypeAlias = Callable[[Checkpoint, ResolvedSettings], DevResult]
"""How good a checkpoint is as what a run with such settings makes of it."""


@contextlib.contextmanager
def converted_model(
    checkpoint: Checkpoint, task: TaskName | None = None, quantize: RecipeName = "float32"
) -> Iterator[Model]:
    """The checkpoint as a model, however far that is from float32.

    Args:
        checkpoint: of any family.
        task: what for; None: what the checkpoint was made for.
        quantize: as what file.

    Raises:
        EdgebertError: the checkpoint has no task, no head for it, or cannot be converted.
    """
    with tempfile.TemporaryDirectory(prefix="edgebert-") as folder:
        path = Path(folder) / "model.tflite"
        options = Options(task=task, quantize=quantize)
        convert_checkpoint(checkpoint, plan(options, checkpoint), path, refuse=False)
        with load(path) as model:
            yield model


def evaluate_checkpoint(
    checkpoint: Checkpoint,
    data: DataSet,
    quantize: RecipeName = "float32",
    metric: str | None = None,
    *,
    with_margin: bool = False,
) -> DevResult:
    """All metrics of the data; one decides, the other way round where lower is better.

    Args:
        checkpoint: to be evaluated.
        data: labelled.
        quantize: as what file it is to run.
        metric: that decides; None: the first.
        with_margin: later figures within a standard error of this one are to count as as good.

    Raises:
        EdgebertError: a row cannot be evaluated.
    """
    tally = Tally()
    with converted_model(checkpoint, quantize=quantize) as model:
        for (observation,) in observe([model], data, silent):
            tally.add(observation)
    figures = tally.figures()
    values = {name: _value(measure, figures) for name, measure in data.evaluator.metrics.items()}
    metrics = {name: value for name, value in values.items() if math.isfinite(value)}
    first = metric or next(iter(values))
    sign = -1.0 if first in data.evaluator.falling else 1.0
    figure = sign * metrics[first] if first in metrics else -math.inf
    margin = _standard_error(data.evaluator.metrics[first], figures) if with_margin else None
    return DevResult(metrics, figure, tally.rows, margin)


def dev_evaluation(
    data: DataSet | None, metric: str | None = None, *, with_margin: bool = False
) -> EvaluateCheckpoint | None:
    """Evaluates checkpoints on dev data, as the file each is trained for; None without data.

    Args:
        data: labelled.
        metric: that decides; None: the first.
        with_margin: see `evaluate_checkpoint`.

    Raises:
        EdgebertError: the data has no such metric, or there is no data to measure it on.
    """
    if data is None:
        if metric is not None:
            raise EdgebertError(f"metric {metric}: there is nothing to measure it on: add --dev")
        return None
    data.require_metric(metric)
    return lambda checkpoint, settings: evaluate_checkpoint(
        checkpoint, data, settings.qat or "float32", metric, with_margin=with_margin
    )


def _standard_error(measure: Measure, figures: Figures) -> float:
    """Of a metric, from the bootstrap; 0 where it has no value."""
    (drawn,) = draw({"": measure}, [figures])
    values = drawn[""][np.isfinite(drawn[""])]
    return float(values.std()) if values.size else 0.0


def _value(measure: Measure, figures: Figures) -> float:
    try:
        return measure(figures)
    except EdgebertError:  # such as a correlation of equal values, early in a run
        return math.nan
