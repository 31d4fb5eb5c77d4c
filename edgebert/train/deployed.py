"""Weights as they will run: a .tflite of ours, made for the moment.

What is measured while training is so what `edgebert evaluate` measures afterwards, for every task,
and by code that shares nothing with the network that is trained.
"""

from __future__ import annotations

import contextlib
import math
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from edgebert.bert.tasks import TaskName
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.convert import convert_checkpoint
from edgebert.converter.options import Options, RecipeName
from edgebert.converter.plan import plan
from edgebert.errors import EdgebertError
from edgebert.evaluation.bootstrap import Figures, Measure
from edgebert.evaluation.data import DataSet
from edgebert.evaluation.tally import Tally, observe
from edgebert.progress import silent
from edgebert.runtime.model import Model, load
from edgebert.train.score import Score
from edgebert.train.settings import Settled

Judge: TypeAlias = Callable[[Checkpoint, Settled], Score]
"""How good a checkpoint is as what a run with such settings makes of it."""


@contextlib.contextmanager
def deployed(
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


def judge(
    checkpoint: Checkpoint,
    data: DataSet,
    quantize: RecipeName = "float32",
    metric: str | None = None,
) -> Score:
    """All metrics of the data; one decides, the other way round where lower is better.

    Args:
        checkpoint: to be judged.
        data: labelled.
        quantize: as what file it is to run.
        metric: that decides; None: the first.

    Raises:
        EdgebertError: a row cannot be judged.
    """
    tally = Tally()
    with deployed(checkpoint, quantize=quantize) as model:
        for (observation,) in observe([model], data, silent):
            tally.add(observation)
    figures = tally.figures()
    values = {name: _value(measure, figures) for name, measure in data.evaluator.metrics.items()}
    metrics = {name: value for name, value in values.items() if math.isfinite(value)}
    first = metric or next(iter(values))
    sign = -1.0 if first in data.evaluator.falling else 1.0
    figure = sign * metrics[first] if first in metrics else -math.inf
    return Score(metrics, figure, tally.rows)


def judge_of(data: DataSet | None, metric: str | None = None) -> Judge | None:
    """Judges by that data what was trained to be a file; None where there is no data.

    Args:
        data: labelled.
        metric: that decides; None: the first.

    Raises:
        EdgebertError: the data has no such metric, or there is no data to measure it on.
    """
    if data is None:
        if metric is not None:
            raise EdgebertError(f"metric {metric}: there is nothing to measure it on: add --dev")
        return None
    if metric is not None and metric not in data.evaluator.metrics:
        raise EdgebertError(f"metric {metric!r}; accepted: {', '.join(data.evaluator.metrics)}")
    return lambda checkpoint, settings: judge(checkpoint, data, settings.qat or "float32", metric)


def _value(measure: Measure, figures: Figures) -> float:
    try:
        return measure(figures)
    except EdgebertError:  # such as a correlation of equal values, early in a run
        return math.nan
