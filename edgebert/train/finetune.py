"""Fine-tuning from end to end: a checkpoint and labelled data to a checkpoint for a task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
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
from edgebert.train.defaults import Problem
from edgebert.train.deployed import judge_of
from edgebert.train.dev import open_dev
from edgebert.train.examples import ExampleFeed, truncated
from edgebert.train.fingerprint import fingerprint
from edgebert.train.lessons import lesson_for
from edgebert.train.lessons.lesson import Labels
from edgebert.train.loop import Tell
from edgebert.train.losses import TaskObjective, cross_entropy
from edgebert.train.report import Report
from edgebert.train.settings import Settings
from edgebert.train.start import with_heads
from edgebert.train.trials import Lessons, check_dev, refuse_model, run_trials


@dataclass(frozen=True)
class Task:
    """What is to be learned, and from what.

    Attributes:
        name: of the task.
        train: labelled data, as `edgebert evaluate` reads it.
        dev: the same, to judge by; None: the last weights are the best.
        columns: of both.
        labels: one a line, in the order of their ids; None: those that occur, sorted.
        max_length: most tokens of an input; None: the checkpoint's.
        balanced: of classify: rare labels count as much as frequent ones.
        multi_label: of classify: a text may have several labels, or none.
        metric: of the dev data, by which the best weights are chosen; None: the task's first.

    Raises:
        EdgebertError: options that do not go together.
    """

    name: TaskName
    train: Path
    dev: Path | None = None
    columns: Columns = USUAL
    labels: Path | None = None
    max_length: int | None = None
    balanced: bool = False
    multi_label: bool = False
    metric: str | None = None

    def __post_init__(self) -> None:
        if self.labels is not None and self.name not in LABELLED:
            raise EdgebertError(f"labels are for {' and '.join(LABELLED)}, not for {self.name}")
        if self.balanced and self.name != "classify":
            raise EdgebertError(f"class weights are for classify, not for {self.name}")
        if self.multi_label and self.name != "classify":
            raise EdgebertError(f"several labels a text are for classify, not for {self.name}")
        if self.multi_label and self.balanced:
            raise EdgebertError(
                "class weights are for texts with one label each; leave out --balanced or "
                "--multi-label"
            )


def finetune(
    source: Checkpoint,
    task: Task,
    output: Path,
    trials: Sequence[Settings] = (Settings(),),
    *,
    resume: bool = False,
    force: bool = False,
    progress: Progress = silent,
    tell: Tell = lambda line: None,
) -> Report:
    """Trains with each of the settings and writes the best weights as a Hugging Face folder.

    Args:
        source: a plain BERT; its head is kept where it has the same labels.
        task: what to learn.
        output: folder to write; the runs are kept in `runs` within.
        trials: settings; what they leave open follows from model and data. Of several the one
            with the best dev figure wins, the first at a tie.
        resume: go on with runs that are there.
        force: overwrite a model that is there.
        progress: told how many steps are done.
        tell: given a line for people after each epoch.

    Raises:
        EdgebertError: wrong input; told before anything is trained.
        CheckFailedError: a run's loss was not finite.
    """
    refuse_model(output, resume=resume, force=force)
    check_dev(trials, task.dev)
    lessons = prepare(source, task)
    return run_trials(lessons, trials, output, resume=resume, progress=progress, tell=tell)


def prepare(source: Checkpoint, task: Task) -> Lessons:
    """Reads and checks everything, the dev data too.

    Raises:
        EdgebertError: names the first thing that is wrong.
    """
    lesson = lesson_for(task.name, task.train, task.columns, multi_label=task.multi_label)
    if task.labels is not None:
        labels: Labels = read_labels(task.labels)
    elif lesson.labels is not None:
        labels = lesson.labels(lesson.read(task.train, task.columns))
    else:
        labels = ()
    begin = partial(
        with_heads,
        source,
        task.name,
        labels,
        max_length=task.max_length,
        multi_label=task.multi_label,
    )
    start = begin(seed=0)  # a seed decides nothing but the weights of a new head
    tokenizer = start.make_tokenizer()
    examples = list(lesson.examples(lesson.read(task.train, task.columns), tokenizer, labels))
    lesson.check(examples, task.train)
    dev = None if task.dev is None else open_dev(task.dev, task.name, task.columns, start)
    loss = lesson.loss
    if task.balanced:
        targets = [int(example.target) for example in examples]  # type: ignore[arg-type]
        loss = partial(cross_entropy, class_weights=balanced_weights(targets, len(labels)))
    head = plan(Options(quantize="float32"), start).head
    return Lessons(
        problem=Problem.of(start, task.name, len(examples)),
        begin=lambda settings: begin(seed=settings.seed),
        objective=lambda settings: TaskObjective(head, loss),
        feed=partial(ExampleFeed.of, examples, longest=start.tokenizer.max_length),
        judge=judge_of(dev, task.metric),
        config=_config(source, task, start),
        examples=examples,
        count=len(examples),
        truncated=truncated(examples),
    )


def balanced_weights(labels: Sequence[int], count: int) -> tuple[float, ...]:
    """Weights by which every label that occurs counts the same; over all examples 1 in the mean."""
    occurrences = np.bincount(labels, minlength=count)
    present = np.count_nonzero(occurrences)
    return tuple((len(labels) / (present * np.maximum(occurrences, 1))).tolist())


def _config(source: Checkpoint, task: Task, start: Checkpoint) -> dict[str, Any]:
    """What decides the weights beside the settings."""
    return {
        "verb": "finetune",
        "task": "classify, multi-label" if task.multi_label else task.name,
        "source": {"name": source.source, "fingerprint": fingerprint(source)},
        "train": {"name": task.train.name, "fingerprint": digest(task.train)},
        "dev": task.dev and {"name": task.dev.name, "fingerprint": digest(task.dev)},
        "columns": asdict(task.columns),
        "labels": list(start.labels or ()),
        "max_length": start.tokenizer.max_length,
        "balanced": task.balanced,
        "metric": task.metric,
    }
