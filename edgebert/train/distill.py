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
from edgebert.bulk.texts import Text
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.options import Options
from edgebert.converter.plan import plan
from edgebert.errors import EdgebertError
from edgebert.evaluation.data import DataSet
from edgebert.evaluation.evaluators.correlate import score_of
from edgebert.evaluation.evaluators.evaluator import unknown_label
from edgebert.evaluation.readers import Row
from edgebert.progress import Progress, silent
from edgebert.train.defaults import Problem, hard_share
from edgebert.train.deployed import judge_of
from edgebert.train.dev import open_dev
from edgebert.train.distillation import TEACHER, Distillation, Mix
from edgebert.train.examples import IGNORED, Example, ExampleFeed, truncated
from edgebert.train.lessons.multi_label import several
from edgebert.train.loop import Tell
from edgebert.train.network import Network
from edgebert.train.report import Report
from edgebert.train.settings import Settings
from edgebert.train.start import TRAINED_POOLINGS, with_heads
from edgebert.train.targets import sentence_targets
from edgebert.train.teacher import Teacher
from edgebert.train.transfer import Transfer
from edgebert.train.trials import Lessons, check_dev, refuse_model, run_trials

Target: TypeAlias = "float | Array"

SCORES = "teacher"
"""The folder beside the model's files in which the teacher's scores are kept."""


def distill(
    teacher: Teacher,
    student: Checkpoint,
    transfer: Transfer,
    output: Path,
    trials: Sequence[Settings] = (Settings(),),
    *,
    mix: Mix | None = None,
    more: Callable[[Transfer], Transfer] | None = None,
    max_length: int | None = None,
    resume: bool = False,
    force: bool = False,
    progress: Progress = silent,
    tell: Tell = lambda line: None,
) -> Report:
    """Trains the student to say what the teacher says, and writes it as a Hugging Face folder.

    Args:
        teacher: a checkpoint for classify, regress or embed, or a file of scores.
        student: a plain BERT; its head is new unless it has the teacher's labels.
        transfer: texts.
        output: folder to write; the teacher's scores are kept in `teacher`, runs in `runs` within.
        trials: settings; what they leave open follows from model and data. Of several the one
            with the best dev figure wins.
        mix: what the loss is made of; None: the usual mixture.
        more: adds further texts; called when all that was given has been checked.
        max_length: most tokens of an input; None: the student's.
        resume: go on with runs that are there; scores that are there are always used.
        force: overwrite a model that is there.
        progress: told how far teacher and training are.
        tell: given a line for people after each epoch.

    Raises:
        EdgebertError: wrong input; told before anything is trained.
        CheckFailedError: a run's loss was not finite.
    """
    given = mix or Mix()
    mix = _settled(given, teacher.task, labelled=transfer.labelled is not None)
    refuse_model(output, resume=resume, force=force)
    check_dev(trials, transfer.dev)
    _check(teacher, student, transfer, mix, trials)
    begin = partial(_start, teacher, student, max_length=max_length)
    start = begin(seed=0)  # a seed decides nothing but the weights of a new head
    lessons = _lessons(teacher, begin, start, transfer, mix)
    texts = _texts(transfer, start)
    if more is not None:
        transfer = more(transfer)
        texts = _texts(transfer, start)
    told = transfer.fingerprint
    scores = teacher.scores([text for text, _ in texts], told, output / SCORES, progress)
    examples = _examples(texts, start)
    lessons = replace(
        lessons,
        problem=Problem.of(start, teacher.task, len(examples)),
        told=f" --hard {mix.hard:g}" if given.hard is None else "",
        feed=partial(
            ExampleFeed.of,
            examples,
            further={TEACHER: _targets(scores, start)},
            longest=start.tokenizer.max_length,
        ),
        config={**lessons.config, "teacher": teacher.fingerprint, "transfer": told},
        examples=examples,
        count=len(examples),
        truncated=truncated(examples),
    )
    return run_trials(lessons, trials, output, resume=resume, progress=progress, tell=tell)


def _settled(mix: Mix, task: TaskName, *, labelled: bool) -> Mix:
    """The mixture with a share of right labels where it was left open."""
    share = hard_share(task, labelled=labelled) if mix.hard is None else mix.hard
    return replace(mix, hard=share)


def _check(
    teacher: Teacher,
    student: Checkpoint,
    transfer: Transfer,
    mix: Mix,
    trials: Sequence[Settings],
) -> None:
    large = teacher.checkpoint
    if mix.looks_inside and any(settings.qat for settings in trials):
        raise EdgebertError(
            "qat trains the graph of the file, which keeps no hidden states and attention as the "
            "teacher's are: match those first, in a run without --qat, and go on from its folder"
        )
    if mix.looks_inside and large is None:
        raise EdgebertError(
            f"{teacher.name}: a file of scores has no hidden states and no attention to match; "
            "leave out --match-hidden and --match-attention, or give a checkpoint"
        )
    if mix.looks_inside and large and large.vocabulary != student.vocabulary:
        raise EdgebertError(
            f"{teacher.name} and {student.source} have different vocabularies; hidden states "
            "and attention can be matched only token for token: leave out --match-hidden and "
            "--match-attention, or take a student with the teacher's vocabulary"
        )
    if mix.hard and transfer.labelled is None:
        raise EdgebertError("a share of right labels was asked for, but no labels: add --labels")
    if mix.hard and teacher.task == "embed":
        raise EdgebertError(
            f"{teacher.name}: sentence vectors have no right labels; leave out --hard"
        )


def _start(
    teacher: Teacher, student: Checkpoint, *, seed: int, max_length: int | None
) -> Checkpoint:
    """The student with the teacher's labels, or its way from token vectors to a sentence's."""
    several = teacher.multi_label
    start = with_heads(student, teacher.task, teacher.labels, seed, max_length, multi_label=several)
    if teacher.task != "embed" or teacher.checkpoint is None:
        return start
    head = plan(Options(quantize="float32"), teacher.checkpoint).head
    pooling = head.pooling if head.pooling in TRAINED_POOLINGS else "mean"
    return replace(start, pooling=pooling, normalize=head.normalize or head.normalize_whole)


def _targets(scores: Array, start: Checkpoint) -> Array:
    if start.task != "embed":
        return scores
    return sentence_targets(scores, start.config.hidden_size, normalize=start.normalize)


def _texts(transfer: Transfer, start: Checkpoint) -> list[tuple[Text, Target]]:
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
    """The number of the label, or 1 for each of several; `IGNORED` where none is told.

    Of a regression the value, or NaN.
    """
    row, labels = Row(text.text, text.pair, label or "", text.place), start.labels
    if start.task == "regress":
        return math.nan if label is None else score_of(row)
    if not labels:
        return 0.0
    if start.multi_label:
        if label is None:
            return np.full(len(labels), IGNORED, np.float32)
        return several(row, labels)
    if label is None:
        return IGNORED
    if label not in labels:
        raise unknown_label(text.place, label, labels)
    return labels.index(label)


def _dev(transfer: Transfer, start: Checkpoint) -> DataSet | None:
    if transfer.dev is None or start.task is None:
        return None
    return open_dev(transfer.dev, start.task, transfer.columns, start)


def _examples(texts: Sequence[tuple[Text, Target]], start: Checkpoint) -> list[Example]:
    tokenizer = start.make_tokenizer()
    return [Example((tokenizer.encode(text.text, text.pair),), target) for text, target in texts]


def _lessons(
    teacher: Teacher,
    begin: Callable[..., Checkpoint],
    start: Checkpoint,
    transfer: Transfer,
    mix: Mix,
) -> Lessons:
    """All but what the teacher says."""
    head = plan(Options(quantize="float32"), start).head
    large = teacher.checkpoint
    inside = Network(large.config, large.weights) if large and mix.looks_inside else None
    return Lessons(
        problem=Problem.of(start, teacher.task, 0),
        begin=lambda settings: begin(seed=settings.seed),
        objective=lambda settings: Distillation(head, mix, start.config, inside, settings.seed),
        feed=partial(ExampleFeed.of, ()),
        judge=judge_of(_dev(transfer, start), transfer.metric),
        config={
            "verb": "distill",
            "dev": transfer.dev and digest(transfer.dev),
            "metric": transfer.metric,
            "columns": asdict(transfer.columns),
            "mix": asdict(mix),
        },
    )
