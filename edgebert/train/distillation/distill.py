"""Distillation from end to end: a teacher, a student and texts to a small checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np

from edgebert.arrays import Array
from edgebert.bulk.fingerprint import digest
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.options import Options
from edgebert.converter.plan import plan
from edgebert.errors import EdgebertError
from edgebert.evaluation.out_of_scope import read_outside
from edgebert.progress import Progress, silent
from edgebert.train.batching import ExampleBatches, truncated
from edgebert.train.defaults import Problem, distillation_defaults
from edgebert.train.distillation.objective import TEACHER_SCORES, DistillationObjective
from edgebert.train.distillation.options import AUXILIARY_OBJECTIVES, DistillationOptions
from edgebert.train.distillation.task import DistillationTask, TransferText
from edgebert.train.distillation.tasks import find_task
from edgebert.train.distillation.teacher import Teacher
from edgebert.train.distillation.transfer_set import TransferSet
from edgebert.train.evaluation import EvaluateCheckpoint, dev_evaluation
from edgebert.train.finetuning.tasks import open_dev_data
from edgebert.train.initialisation import with_task_heads
from edgebert.train.loop import Notify
from edgebert.train.network import Network
from edgebert.train.report import TrainingReport
from edgebert.train.settings import Settings
from edgebert.train.trials import Experiment, check_dev, refuse_existing_model, run_trials

SCORES = "teacher"
"""The folder in which the teacher's scores are kept."""

_SHARES_OUTSIDE = (0.03, 0.1)
"""Least and most of what a classifier learns from that belongs to no label: a tenth told texts out
of scope apart no better than 3 % for a classifier of BANKING77."""


def distill(
    teacher: Teacher,
    student: Checkpoint,
    transfer: TransferSet,
    output: Path,
    trials: Sequence[Settings] = (Settings(),),
    *,
    options: DistillationOptions | None = None,
    more: Callable[[TransferSet], TransferSet] | None = None,
    max_length: int | None = None,
    scores_folder: Path | None = None,
    resume: bool = False,
    force: bool = False,
    progress: Progress = silent,
    notify: Notify = lambda line: None,
) -> TrainingReport:
    """Trains the student to say what the teacher says, and writes it as a Hugging Face folder.

    Args:
        teacher: a checkpoint for one of `tasks.TASKS`, or a file of scores.
        student: a plain BERT; its head is new unless it has the teacher's labels.
        transfer: texts.
        output: folder to write; runs are kept in `runs` within.
        trials: settings; what they leave open follows from model and data. Of several the one
            with the best dev figure wins.
        options: temperature and weights of the loss; None: the defaults.
        more: adds further texts; called when all that was given has been checked.
        max_length: most tokens of an input; None: the student's.
        scores_folder: where the teacher's scores are kept, in `teacher`; None: in `output`.
            Students of one teacher on the same texts can share them.
        resume: go on with runs that are there; scores that are there are always used.
        force: overwrite a model that is there.
        progress: called as the teacher and training get on.
        notify: given a line for people after each epoch.

    Raises:
        EdgebertError: wrong input; raised before anything is trained.
        CheckFailedError: a run's loss was not finite.
    """
    task = find_task(teacher.task, multi_label=teacher.multi_label)
    transfer = replace(transfer, task=teacher.task)
    given = options or DistillationOptions()
    refuse_existing_model(output, resume=resume, force=force)
    check_dev(trials, transfer.dev)
    _check(teacher, student, transfer, given, trials)
    initial_student = partial(_initial_student, teacher, student, task, max_length=max_length)
    start = initial_student(seed=0)  # a seed decides nothing but the weights of a new head
    head, large = plan(Options(quantize="float32"), start).head, teacher.checkpoint
    inspected = Network(large.config, large.weights) if large and given.inspects_teacher else None
    evaluate = _dev_evaluation(transfer, start)
    texts = _texts(transfer, start, task)
    if more is not None:
        transfer = more(transfer)
        texts = _texts(transfer, start, task)
    known = {"teacher": teacher.fingerprint, "transfer": transfer.fingerprint}
    scores = teacher.scores(
        [each.text for each in texts],
        known["transfer"],
        (scores_folder or output) / SCORES,
        progress,
    )
    examples, soft_targets = task.examples(texts, scores, start)
    labelled = sum(each.is_labelled for each in texts) / len(texts)
    problem = Problem.of(start, teacher.task, len(examples), labelled=labelled)
    if transfer.out_of_scope is not None:
        outside, even = task.examples(
            *_outside(transfer.out_of_scope, len(texts), task, start), start
        )
        examples, soft_targets = [*examples, *outside], np.concatenate([soft_targets, even])
    resolved = _resolved(given, task, problem)
    experiment = Experiment(
        problem=problem,
        initial_checkpoint=lambda settings: initial_student(seed=settings.seed),
        objective=lambda settings: DistillationObjective(
            head, resolved, start.config, inspected, settings.seed
        ),
        batches=partial(
            ExampleBatches.of,
            examples,
            extra_arrays={TEACHER_SCORES: soft_targets},
            max_length=start.tokenizer.max_length,
        ),
        evaluate=evaluate,
        config={**_config(transfer, resolved), **known},
        examples=examples,
        count=len(examples),
        truncated=truncated(examples),
        defaults_note=_derived(given, resolved),
    )
    return run_trials(experiment, trials, output, resume=resume, progress=progress, notify=notify)


def _resolved(
    given: DistillationOptions, task: DistillationTask, problem: Problem
) -> DistillationOptions:
    """The options with temperature and share of hard labels where they were not given."""
    temperature, hard = distillation_defaults(problem)
    if task.hard_loss is None:
        hard = 0.0
    return replace(
        given,
        temperature=temperature if given.temperature is None else given.temperature,
        hard=hard if given.hard is None else given.hard,
    )


def _derived(given: DistillationOptions, resolved: DistillationOptions) -> str:
    """For people: which options were left open, and what they became."""
    names = [name for name in ("temperature", "hard") if getattr(given, name) is None]
    return "".join(f" --{name} {getattr(resolved, name):g}" for name in names)


def _check(
    teacher: Teacher,
    student: Checkpoint,
    transfer: TransferSet,
    options: DistillationOptions,
    trials: Sequence[Settings],
) -> None:
    if options.inspects_teacher:
        _check_inspected(teacher, student, trials)
    if options.hard and transfer.labelled is None:
        raise EdgebertError("a share of right labels was asked for, but no labels: add --labels")
    if options.hard and find_task(teacher.task).hard_loss is None:
        raise EdgebertError(
            f"{teacher.name}: sentence vectors have no right labels; leave out --hard"
        )
    if transfer.out_of_scope is not None and (teacher.task != "classify" or teacher.multi_label):
        raise EdgebertError(
            f"{teacher.name}: texts out of scope are for classifiers with one label a text; leave "
            "out --out-of-scope"
        )


def _check_inspected(teacher: Teacher, student: Checkpoint, trials: Sequence[Settings]) -> None:
    """Refuses what has no activations that could be compared."""
    names = [name for name, each in AUXILIARY_OBJECTIVES.items() if each.reads_activations]
    given = " and ".join(f"--match-{name}" for name in names)
    if any(settings.qat for settings in trials):
        raise EdgebertError(
            "qat trains the graph of the file, which keeps no hidden states and attention as the "
            "teacher's are: match those first, in a run without --qat, and go on from its folder"
        )
    if teacher.checkpoint is None:
        raise EdgebertError(
            f"{teacher.name}: a file of scores has no hidden states and no attention to match; "
            f"leave out {given}, or give a checkpoint"
        )
    if teacher.checkpoint.vocabulary != student.vocabulary:
        raise EdgebertError(
            f"{teacher.name} and {student.source} have different vocabularies; hidden states "
            f"and attention can be matched only token for token: leave out {given}, or take a "
            "student with the teacher's vocabulary"
        )


def _initial_student(
    teacher: Teacher,
    student: Checkpoint,
    task: DistillationTask,
    *,
    seed: int,
    max_length: int | None,
) -> Checkpoint:
    """The student with the teacher's labels, and what else its task takes over."""
    several = teacher.multi_label
    start = with_task_heads(
        student, teacher.task, teacher.labels, seed, max_length, multi_label=several
    )
    return task.initial_student(start, teacher)


def _texts(transfer: TransferSet, start: Checkpoint, task: DistillationTask) -> list[TransferText]:
    """Each text once, with its target."""
    found: dict[tuple[str, str | None], TransferText] = {}
    labels = start.labels or ()
    for text, read in transfer.read(multi_label=start.multi_label):
        target = task.no_target(labels) if read is None else task.target(read, labels)
        for each in task.inputs(text):
            known = TransferText(each, target, read is not None)
            found.setdefault((each.text, each.pair), known)
    if not found:
        raise EdgebertError(f"{transfer.files[0]}: has no texts to learn from")
    return list(found.values())


def _outside(
    path: Path, within: int, task: DistillationTask, start: Checkpoint
) -> tuple[list[TransferText], Array]:
    """Texts that belong to no label, with logits that are all the same: no label is likelier.

    Outlier exposure (Hendrycks et al. 2019, arXiv 1812.04606). Each once, but few are repeated and
    many are thinned out, so that they make up `_SHARES_OUTSIDE` of all.
    """
    labels = start.labels or ()
    texts = read_outside(path)
    least, most = (round(within * share / (1 - share)) for share in _SHARES_OUTSIDE)
    count = max(1, least, min(len(texts), most))
    used = min(count, len(texts))
    chosen = [texts[place * len(texts) // used] for place in range(used)]
    known = [TransferText(each, task.no_target(labels), False) for each in chosen]
    return list(islice(cycle(known), count)), np.zeros((count, len(labels)), np.float32)


def _dev_evaluation(transfer: TransferSet, start: Checkpoint) -> EvaluateCheckpoint | None:
    dev = None
    if transfer.dev is not None and start.task is not None:
        dev = open_dev_data(transfer.dev, start.task, transfer.columns, start)
    return dev_evaluation(dev, transfer.metric, with_margin=True)


def _config(transfer: TransferSet, options: DistillationOptions) -> dict[str, Any]:
    """What decides the weights beside settings, teacher and texts."""
    return {
        "verb": "distill",
        "dev": transfer.dev and digest(transfer.dev),
        "metric": transfer.metric,
        "kept": "last within a standard error of the best",
        "columns": transfer.columns.to_json(),
        "mix": options.to_json(),
        "out_of_scope": transfer.out_of_scope and digest(transfer.out_of_scope),
    }
