"""Fine-tuning from end to end: a checkpoint and labelled data to a checkpoint for a task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edgebert.bert.tasks import LABELLED, TaskName
from edgebert.bulk.fingerprint import digest
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.labels import read_labels
from edgebert.converter.options import Options
from edgebert.converter.plan import plan
from edgebert.errors import EdgebertError
from edgebert.evaluation.columns import USUAL, Columns
from edgebert.progress import Progress, silent
from edgebert.train.batching import ExampleBatches, truncated
from edgebert.train.defaults import Problem
from edgebert.train.evaluation import dev_evaluation
from edgebert.train.finetuning.task import Labels
from edgebert.train.finetuning.tasks import find_task, open_dev_data
from edgebert.train.fingerprint import fingerprint
from edgebert.train.initialisation import with_task_heads
from edgebert.train.loop import Notify
from edgebert.train.losses import TaskObjective, cross_entropy
from edgebert.train.report import TrainingReport
from edgebert.train.settings import Settings
from edgebert.train.trials import Experiment, check_dev, refuse_existing_model, run_trials


@dataclass(frozen=True)
class FineTuningSpec:
    """What is to be learned, and from what.

    Attributes:
        task: its name.
        train: labelled data, as `edgebert evaluate` reads it.
        dev: the same, to evaluate on; None: the last weights are the best.
        columns: of both.
        labels: one a line, in the order of their ids; None: those that occur, sorted.
        max_length: most tokens of an input; None: the checkpoint's.
        balanced: of classify: rare labels count as much as frequent ones.
        multi_label: of classify: a text may have several labels, or none.
        metric: of the dev data, by which the best weights are chosen; None: the task's first.

    Raises:
        EdgebertError: options that do not go together.
    """

    task: TaskName
    train: Path
    dev: Path | None = None
    columns: Columns = USUAL
    labels: Path | None = None
    max_length: int | None = None
    balanced: bool = False
    multi_label: bool = False
    metric: str | None = None

    def __post_init__(self) -> None:
        if self.labels is not None and self.task not in LABELLED:
            raise EdgebertError(f"labels are for {' and '.join(LABELLED)}, not for {self.task}")
        if self.balanced and self.task != "classify":
            raise EdgebertError(f"class weights are for classify, not for {self.task}")
        if self.multi_label and self.task != "classify":
            raise EdgebertError(f"several labels a text are for classify, not for {self.task}")
        if self.multi_label and self.balanced:
            raise EdgebertError(
                "class weights are for texts with one label each; leave out --balanced or "
                "--multi-label"
            )


def finetune(
    source: Checkpoint,
    spec: FineTuningSpec,
    output: Path,
    trials: Sequence[Settings] = (Settings(),),
    *,
    resume: bool = False,
    force: bool = False,
    progress: Progress = silent,
    notify: Notify = lambda line: None,
) -> TrainingReport:
    """Trains with each of the settings and writes the best weights as a Hugging Face folder.

    Args:
        source: a plain BERT; its head is kept where it has the same labels.
        spec: what to learn, and from what.
        output: folder to write; the runs are kept in `runs` within.
        trials: settings; what they leave open follows from model and data. Of several the one
            with the best dev figure wins, the first at a tie.
        resume: go on with runs that are there.
        force: overwrite a model that is there.
        progress: called with how many steps are done.
        notify: given a line for people after each epoch.

    Raises:
        EdgebertError: wrong input; raised before anything is trained.
        CheckFailedError: a run's loss was not finite.
    """
    refuse_existing_model(output, resume=resume, force=force)
    check_dev(trials, spec.dev)
    experiment = prepare(source, spec)
    return run_trials(experiment, trials, output, resume=resume, progress=progress, notify=notify)


def prepare(source: Checkpoint, spec: FineTuningSpec) -> Experiment:
    """Reads and checks everything, the dev data too.

    Raises:
        EdgebertError: names the first thing that is wrong.
    """
    task = find_task(spec.task, spec.train, spec.columns, multi_label=spec.multi_label)
    if spec.labels is not None:
        labels: Labels = read_labels(spec.labels)
    elif task.labels is not None:
        labels = task.labels(task.read(spec.train, spec.columns))
    else:
        labels = ()
    begin = partial(
        with_task_heads,
        source,
        spec.task,
        labels,
        max_length=spec.max_length,
        multi_label=spec.multi_label,
    )
    start = begin(seed=0)  # a seed decides nothing but the weights of a new head
    tokenizer = start.make_tokenizer()
    examples = list(task.examples(task.read(spec.train, spec.columns), tokenizer, labels))
    task.check(examples, spec.train)
    dev = None if spec.dev is None else open_dev_data(spec.dev, spec.task, spec.columns, start)
    loss = task.loss
    if spec.balanced:
        targets = [int(example.target) for example in examples]  # type: ignore[arg-type]
        loss = partial(cross_entropy, class_weights=balanced_weights(targets, len(labels)))
    head = plan(Options(quantize="float32"), start).head
    return Experiment(
        problem=Problem.of(start, spec.task, len(examples)),
        initial_checkpoint=lambda settings: begin(seed=settings.seed),
        objective=lambda settings: TaskObjective(head, loss),
        batches=partial(ExampleBatches.of, examples, max_length=start.tokenizer.max_length),
        evaluate=dev_evaluation(dev, spec.metric),
        config=_config(source, spec, start),
        examples=examples,
        count=len(examples),
        truncated=truncated(examples),
    )


def balanced_weights(labels: Sequence[int], count: int) -> tuple[float, ...]:
    """Weights by which every label that occurs counts the same; over all examples 1 in the mean."""
    occurrences = np.bincount(labels, minlength=count)
    present = np.count_nonzero(occurrences)
    return tuple((len(labels) / (present * np.maximum(occurrences, 1))).tolist())


def _config(source: Checkpoint, spec: FineTuningSpec, start: Checkpoint) -> dict[str, Any]:
    """What decides the weights beside the settings."""
    return {
        "verb": "finetune",
        "task": "classify, multi-label" if spec.multi_label else spec.task,
        "source": {"name": source.source, "fingerprint": fingerprint(source)},
        "train": {"name": spec.train.name, "fingerprint": digest(spec.train)},
        "dev": spec.dev and {"name": spec.dev.name, "fingerprint": digest(spec.dev)},
        "columns": spec.columns.to_json(),
        "labels": list(start.labels or ()),
        "max_length": start.tokenizer.max_length,
        "balanced": spec.balanced,
        "metric": spec.metric,
    }
