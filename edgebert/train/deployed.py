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
from edgebert.checkpoints.progress import silent
from edgebert.converter.convert import convert_checkpoint
from edgebert.converter.plan import Options, plan
from edgebert.converter.recipes import RecipeName
from edgebert.errors import EdgebertError
from edgebert.evaluate.bootstrap import Figures, Measure
from edgebert.evaluate.data import DataSet
from edgebert.evaluate.tally import Tally, observe
from edgebert.runtime.model import Model, load
from edgebert.train.score import Score
from edgebert.train.settings import Settings

Judge: TypeAlias = Callable[[Checkpoint, Settings], Score]
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


def judge(checkpoint: Checkpoint, data: DataSet, quantize: RecipeName = "float32") -> Score:
    """All metrics of the data; the first one decides, the other way round where lower is better.

    Args:
        checkpoint: to be judged.
        data: labelled.
        quantize: as what file it is to run.

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
    first = next(iter(values))
    sign = -1.0 if first in data.evaluator.falling else 1.0
    return Score(metrics, sign * metrics[first] if first in metrics else -math.inf)


def judge_of(data: DataSet | None) -> Judge | None:
    """Judges by that data what was trained to be a file; None where there is no data."""
    if data is None:
        return None
    return lambda checkpoint, settings: judge(checkpoint, data, settings.qat or "float32")


def _value(measure: Measure, figures: Figures) -> float:
    try:
        return measure(figures)
    except EdgebertError:  # such as a correlation of equal values, early in a run
        return math.nan
