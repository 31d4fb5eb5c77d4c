"""Distillation from end to end: a teacher, a student and texts to a small checkpoint."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np

from edgebert.arrays import Array
from edgebert.bert.tasks import TaskName
from edgebert.bulk.fingerprint import digest
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.options import Options
from edgebert.converter.plan import plan
from edgebert.errors import EdgebertError
from edgebert.evaluation.data import DataSet
from edgebert.evaluation.evaluators.correlate import score_of
from edgebert.evaluation.evaluators.evaluator import unknown_label
from edgebert.evaluation.readers import Row
from edgebert.evaluation.texts import Text
from edgebert.progress import Progress, silent
from edgebert.train.batching import IGNORE_INDEX, Example, ExampleBatches, truncated
from edgebert.train.defaults import Problem, hard_label_share
from edgebert.train.distillation.objective import TEACHER_SCORES, DistillationObjective
from edgebert.train.distillation.options import DistillationOptions
from edgebert.train.distillation.targets import project_targets
from edgebert.train.distillation.teacher import Teacher
from edgebert.train.distillation.transfer_set import TransferSet
from edgebert.train.evaluation import dev_evaluation
from edgebert.train.finetuning.multi_label import several
from edgebert.train.finetuning.tasks import open_dev_data
from edgebert.train.initialisation import TRAINABLE_POOLINGS, with_task_heads
from edgebert.train.loop import Notify
from edgebert.train.network import Network
from edgebert.train.report import TrainingReport
from edgebert.train.settings import Settings
from edgebert.train.trials import Experiment, check_dev, refuse_existing_model, run_trials

Target: TypeAlias = "float | Array"

SCORES = "teacher"
"""The folder beside the model's files in which the teacher's scores are kept."""


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
    resume: bool = False,
    force: bool = False,
    progress: Progress = silent,
    notify: Notify = lambda line: None,
) -> TrainingReport:
    """Trains the student to say what the teacher says, and writes it as a Hugging Face folder.

    Args:
        teacher: a checkpoint for classify, regress or embed, or a file of scores.
        student: a plain BERT; its head is new unless it has the teacher's labels.
        transfer: texts.
        output: folder to write; the teacher's scores are kept in `teacher`, runs in `runs` within.
        trials: settings; what they leave open follows from model and data. Of several the one
            with the best dev figure wins.
        options: temperature and weights of the loss; None: the defaults.
        more: adds further texts; called when all that was given has been checked.
        max_length: most tokens of an input; None: the student's.
        resume: go on with runs that are there; scores that are there are always used.
        force: overwrite a model that is there.
        progress: called as the teacher and training get on.
        notify: given a line for people after each epoch.

    Raises:
        EdgebertError: wrong input; raised before anything is trained.
        CheckFailedError: a run's loss was not finite.
    """
    given = options or DistillationOptions()
    options = _resolved_options(given, teacher.task, labelled=transfer.labelled is not None)
    refuse_existing_model(output, resume=resume, force=force)
    check_dev(trials, transfer.dev)
    _check(teacher, student, transfer, options, trials)
    begin = partial(_start, teacher, student, max_length=max_length)
    start = begin(seed=0)  # a seed decides nothing but the weights of a new head
    experiment = _experiment(teacher, begin, start, transfer, options)
    texts = _texts(transfer, start)
    if more is not None:
        transfer = more(transfer)
        texts = _texts(transfer, start)
    transfer_fingerprint = transfer.fingerprint
    scores = teacher.scores(
        [text for text, _ in texts], transfer_fingerprint, output / SCORES, progress
    )
    examples = _examples(texts, start)
    experiment = replace(
        experiment,
        problem=Problem.of(start, teacher.task, len(examples)),
        defaults_note=f" --hard {options.hard:g}" if given.hard is None else "",
        batches=partial(
            ExampleBatches.of,
            examples,
            extra_arrays={TEACHER_SCORES: _targets(scores, start)},
            max_length=start.tokenizer.max_length,
        ),
        config={
            **experiment.config,
            "teacher": teacher.fingerprint,
            "transfer": transfer_fingerprint,
        },
        examples=examples,
        count=len(examples),
        truncated=truncated(examples),
    )
    return run_trials(experiment, trials, output, resume=resume, progress=progress, notify=notify)


def _resolved_options(
    options: DistillationOptions, task: TaskName, *, labelled: bool
) -> DistillationOptions:
    """The options with a share of hard labels where it was not given."""
    share = hard_label_share(task, labelled=labelled) if options.hard is None else options.hard
    return replace(options, hard=share)


def _check(
    teacher: Teacher,
    student: Checkpoint,
    transfer: TransferSet,
    options: DistillationOptions,
    trials: Sequence[Settings],
) -> None:
    large = teacher.checkpoint
    if options.inspects_teacher and any(settings.qat for settings in trials):
        raise EdgebertError(
            "qat trains the graph of the file, which keeps no hidden states and attention as the "
            "teacher's are: match those first, in a run without --qat, and go on from its folder"
        )
    if options.inspects_teacher and large is None:
        raise EdgebertError(
            f"{teacher.name}: a file of scores has no hidden states and no attention to match; "
            "leave out --match-hidden and --match-attention, or give a checkpoint"
        )
    if options.inspects_teacher and large and large.vocabulary != student.vocabulary:
        raise EdgebertError(
            f"{teacher.name} and {student.source} have different vocabularies; hidden states "
            "and attention can be matched only token for token: leave out --match-hidden and "
            "--match-attention, or take a student with the teacher's vocabulary"
        )
    if options.hard and transfer.labelled is None:
        raise EdgebertError("a share of right labels was asked for, but no labels: add --labels")
    if options.hard and teacher.task == "embed":
        raise EdgebertError(
            f"{teacher.name}: sentence vectors have no right labels; leave out --hard"
        )


def _start(
    teacher: Teacher, student: Checkpoint, *, seed: int, max_length: int | None
) -> Checkpoint:
    """The student with the teacher's labels, or its way from token vectors to a sentence's."""
    several = teacher.multi_label
    start = with_task_heads(
        student, teacher.task, teacher.labels, seed, max_length, multi_label=several
    )
    if teacher.task != "embed" or teacher.checkpoint is None:
        return start
    head = plan(Options(quantize="float32"), teacher.checkpoint).head
    pooling = head.pooling if head.pooling in TRAINABLE_POOLINGS else "mean"
    return replace(start, pooling=pooling, normalize=head.normalize or head.normalize_whole)


def _targets(scores: Array, start: Checkpoint) -> Array:
    if start.task != "embed":
        return scores
    return project_targets(scores, start.config.hidden_size, normalize=start.normalize)


def _texts(transfer: TransferSet, start: Checkpoint) -> list[tuple[Text, Target]]:
    """Each text once, with what is right; of embedders the two texts of a pair are two."""
    found: dict[tuple[str, str | None], tuple[Text, Target]] = {}
    for text, label in transfer.read(multi_label=start.multi_label):
        target = _target(text, label, start)
        for each in _alone(text) if start.task == "embed" else [text]:
            found.setdefault((each.text, each.pair), (each, target))
    if not found:
        raise EdgebertError(f"{transfer.files[0]}: has no texts to learn from")
    return list(found.values())


def _alone(text: Text) -> list[Text]:
    return [Text(each, None, text.place) for each in (text.text, text.pair) if each]


def _target(text: Text, label: str | None, start: Checkpoint) -> Target:
    """The number of the label, or 1 for each of several; `IGNORE_INDEX` where none is given.

    Of a regression the value, or NaN.
    """
    row, labels = Row(text.text, text.pair, label or "", text.place), start.labels
    if start.task == "regress":
        return math.nan if label is None else score_of(row)
    if not labels:
        return 0.0
    if start.multi_label:
        if label is None:
            return np.full(len(labels), IGNORE_INDEX, np.float32)
        return several(row, labels)
    if label is None:
        return IGNORE_INDEX
    if label not in labels:
        raise unknown_label(text.place, label, labels)
    return labels.index(label)


def _dev(transfer: TransferSet, start: Checkpoint) -> DataSet | None:
    if transfer.dev is None or start.task is None:
        return None
    return open_dev_data(transfer.dev, start.task, transfer.columns, start)


def _examples(texts: Sequence[tuple[Text, Target]], start: Checkpoint) -> list[Example]:
    tokenizer = start.make_tokenizer()
    return [Example((tokenizer.encode(text.text, text.pair),), target) for text, target in texts]


def _experiment(
    teacher: Teacher,
    begin: Callable[..., Checkpoint],
    start: Checkpoint,
    transfer: TransferSet,
    options: DistillationOptions,
) -> Experiment:
    """All but what the teacher says."""
    head = plan(Options(quantize="float32"), start).head
    large = teacher.checkpoint
    inside = Network(large.config, large.weights) if large and options.inspects_teacher else None
    return Experiment(
        problem=Problem.of(start, teacher.task, 0),
        initial_checkpoint=lambda settings: begin(seed=settings.seed),
        objective=lambda settings: DistillationObjective(
            head, options, start.config, inside, settings.seed
        ),
        batches=partial(ExampleBatches.of, ()),
        evaluate=dev_evaluation(_dev(transfer, start), transfer.metric),
        config={
            "verb": "distill",
            "dev": transfer.dev and digest(transfer.dev),
            "metric": transfer.metric,
            "columns": asdict(transfer.columns),
            "mix": asdict(options),
        },
    )
