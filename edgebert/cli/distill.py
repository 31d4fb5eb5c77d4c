"""`edgebert distill`: a teacher and texts to a small checkpoint that says what the teacher says."""

from __future__ import annotations

from dataclasses import make_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgebert.cli.grouped import grouped
from edgebert.cli.options import LabelledColumns
from edgebert.cli.training import (
    KEPT,
    MetricOption,
    TrainingOptions,
    notify,
    print_report,
    require_tensorflow,
)
from edgebert.cli.vocabulary import VocabularyOptions, with_fewer_pieces
from edgebert.train.distillation.options import AUXILIARY_OBJECTIVES

if TYPE_CHECKING:
    Auxiliary = Any
    from collections.abc import Sequence
    from contextlib import AbstractContextManager, ExitStack

    from edgebert.checkpoints.checkpoint import Checkpoint
    from edgebert.progress import Progress
    from edgebert.train.augmentation.candidates import AugmentationMethod
    from edgebert.train.distillation.teacher import Teacher
    from edgebert.train.distillation.transfer_set import TransferSet

else:
    Auxiliary = make_dataclass(
        "Auxiliary",
        [
            (f"match_{name}", Annotated[float, typer.Option(help=each.help)], 0.0)
            for name, each in AUXILIARY_OBJECTIVES.items()
        ],
    )
    """An option for the weight of each auxiliary objective."""


@grouped
def distill(
    *,
    teacher: Annotated[
        list[str],
        typer.Option(
            help="A checkpoint for classify, regress, embed, tag or answer; or what a model said "
            "of texts: a .jsonl as edgebert run --input writes it (--scores for tag and answer), "
            "or NAME.npy with sentence vectors of the lines of NAME.txt. Of classifiers and "
            "regressions several, whose scores are averaged: give it again. An embedder among "
            "classifiers learns their labels from --labels."
        ),
    ],
    student: Annotated[
        str,
        typer.Option(help="What to begin with; with --init teacher a size, such as 2/128."),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write.")],
    transfer: Annotated[
        list[Path] | None,
        typer.Option(help="Texts without labels, as for edgebert run --input; may be repeated."),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="Labelled data; its texts are learned from, too."),
    ] = None,
    dev: Annotated[Path | None, typer.Option("--dev", help="Labelled data to evaluate on.")] = None,
    out_of_scope: Annotated[
        Path | None,
        typer.Option(
            help="Texts that belong to no label, one a line or with a column text: a classifier "
            "learns to find all labels equally likely for them."
        ),
    ] = None,
    init: Annotated[
        str, typer.Option(help="student, or teacher: make the student from the teacher's weights.")
    ] = "student",
    temperature: Annotated[
        float | None,
        typer.Option(
            help="Softens both distributions.", show_default="1, of many texts without labels 2"
        ),
    ] = None,
    hard: Annotated[
        float | None,
        typer.Option(
            help="Share of the loss on the labels of --labels, 0 to 1.",
            show_default="0.5, of embedders and many texts without labels 0",
        ),
    ] = None,
    auxiliary: Auxiliary,
    augment: Annotated[
        int, typer.Option(help="Make so many further texts of each one; see edgebert augment.")
    ] = 0,
    augment_with: Annotated[
        str | None,
        typer.Option(
            help="Checkpoint or fill-mask .tflite that finds the words.",
            show_default="the student's masked language model, or the teacher's word table",
        ),
    ] = None,
    augment_share: Annotated[
        float, typer.Option(help="Share of the words that are replaced in further texts.")
    ] = 0.4,
    multi_label: Annotated[
        bool,
        typer.Option(
            "--multi-label", help="For a .jsonl of scores: labels are independent of each other."
        ),
    ] = False,
    metric: MetricOption = None,
    scores: Annotated[
        Path | None,
        typer.Option(
            help="Folder that keeps the further texts and the teacher's scores: several students "
            "can share one.",
            show_default="OUTPUT",
        ),
    ] = None,
    vocabulary: VocabularyOptions,
    training: TrainingOptions,
    data: LabelledColumns,
) -> None:
    """Distill a model of any such task into a compact BERT; convert takes the folder.

    The teacher labels every text once; its scores are kept in OUTPUT, or in the folder of --scores,
    and used again. With --init teacher the student begins as every k-th layer of the teacher, made
    narrower: for those who have no pre-trained student. Needs TensorFlow, which the extra “train”
    brings.

    \b
    Examples:
      edgebert distill --teacher big --student tiny --transfer texts.txt --dev dev.csv -o small
      edgebert distill --teacher big --student 4/256 --init teacher --transfer texts.txt -o small
      edgebert distill --teacher big --student tiny --labels train.csv --hard 0.3 -o small
      edgebert distill --teacher big --teacher other --student tiny --transfer t.txt -o small
      edgebert distill --teacher big --student tiny --transfer texts.txt --augment 8 -o small
      edgebert distill --teacher big --student tiny --labels t.csv --vocabulary-from t.csv -o small
      edgebert convert small -o small.tflite
    """  # noqa: D301
    from contextlib import ExitStack
    from dataclasses import replace
    from functools import partial

    from edgebert.cli.console import progress_bar
    from edgebert.errors import EdgebertError
    from edgebert.train.distillation.transfer_set import TransferSet

    if augment_with is not None and not augment:
        raise EdgebertError("--augment-with is for further texts: tell how many with --augment")
    training.settings()
    texts = TransferSet(
        tuple(transfer or ()), labels, dev, data.columns(), metric, out_of_scope=out_of_scope
    )
    texts.check_first()
    require_tensorflow()
    with ExitStack() as stack:
        progress = stack.enter_context(progress_bar(KEPT.format(output)))
        # What is given is opened first: to make a teacher of it takes TensorFlow.
        opened = [_opened(each, stack, progress, multi_label=multi_label) for each in teacher]
        given = _given_student(student, init, stack, progress)
        first = opened[0]
        if not isinstance(first, Path) and first.task is not None:
            replace(texts, task=first.task).check(multi_label=first.multi_label)
        large = _teachers(opened, texts, multi_label=multi_label)
        whole = given or _student_of(large, student)
        small = with_fewer_pieces(whole, vocabulary, large.task, progress, notify)

        # Here, not above: TensorFlow takes seconds to import, and input errors do not wait for it.
        from edgebert.train.augmentation.augment import AugmentationOptions, augment_transfer_set
        from edgebert.train.distillation.distill import distill as run
        from edgebert.train.distillation.options import DistillationOptions
        from edgebert.train.strategy import distributed, worker_folder

        weights = {name: getattr(auxiliary, f"match_{name}") for name in AUXILIARY_OBJECTIVES}
        options = DistillationOptions(temperature, hard, weights)
        trials = training.trials()
        cluster = stack.enter_context(distributed(training.strategy, notify))
        more = None
        if augment:
            more = partial(
                augment_transfer_set,
                method=stack.enter_context(_method(augment_with, large, whole, progress)),
                amount=AugmentationOptions(augment, augment_share, training.seed),
                folder=worker_folder((scores or output) / "augmented"),
                progress=progress,
            )
        report = run(
            large,
            small,
            texts,
            output,
            trials,
            options=options,
            more=more,
            max_length=training.max_length,
            scores_folder=scores,
            resume=training.resume,
            force=training.force,
            progress=progress,
            notify=notify,
        )
    print_report(report, cluster, as_json=training.as_json)


def _teachers(
    opened: Sequence[Checkpoint | Path], transfer: TransferSet, *, multi_label: bool
) -> Teacher:
    """The teacher, or all of these as one; embedders learn the first one's labels."""
    first, *others = [_teacher(each, multi_label=multi_label) for each in opened]
    if not others:
        return first
    from edgebert.train.distillation.teachers import LinearProbe, TeacherEnsemble

    probes = first.task == "classify" and not first.multi_label
    return TeacherEnsemble(
        [
            first,
            *(
                LinearProbe(each, first.labels, transfer)
                if probes and each.task == "embed"
                else each
                for each in others
            ),
        ]
    )


def _opened(
    name: str, stack: ExitStack, progress: Progress, *, multi_label: bool
) -> Checkpoint | Path:
    """The checkpoint of that name, or the path of a file of scores."""
    from edgebert.checkpoints.sources import open_checkpoint
    from edgebert.errors import EdgebertError

    if Path(name).suffix.lower() in (".jsonl", ".ndjson", ".npy"):
        return Path(name)
    if multi_label:
        raise EdgebertError(
            "--multi-label is for a file of scores; a checkpoint says itself what its labels are"
        )
    return stack.enter_context(open_checkpoint(name, progress=progress))


def _teacher(opened: Checkpoint | Path, *, multi_label: bool) -> Teacher:
    from edgebert.train.distillation.teacher import CheckpointTeacher
    from edgebert.train.distillation.teacher_file import FileTeacher

    if isinstance(opened, Path):
        return FileTeacher(opened, multi_label=multi_label)
    return CheckpointTeacher(opened)


def _method(
    source: str | None, teacher: Teacher, student: Checkpoint, progress: Progress
) -> AbstractContextManager[AugmentationMethod]:
    """How words for further texts are found."""
    from edgebert.errors import EdgebertError
    from edgebert.train.augmentation.methods import make_method, open_method

    if not teacher.knows_any_text:
        raise EdgebertError(
            f"{teacher.name}: a file of scores cannot label further texts; make them first with "
            "edgebert augment, and have them scored too"
        )
    if source is not None:
        return open_method(source, progress=progress)
    return make_method(
        student if "fill-mask" in student.tasks else teacher.checkpoint or student, None
    )


def _given_student(
    student: str, init: str, stack: ExitStack, progress: Progress
) -> Checkpoint | None:
    """The checkpoint of that name; None where it is a size, made of the teacher's weights."""
    from edgebert.checkpoints.sources import open_checkpoint
    from edgebert.errors import EdgebertError
    from edgebert.train.distillation.student import parse_size

    if init == "student":
        return stack.enter_context(open_checkpoint(student, progress=progress))
    if init != "teacher":
        raise EdgebertError(f"--init is {init!r}; accepted: student, teacher")
    parse_size(student)  # what is wrong with it is told before TensorFlow is imported
    return None


def _student_of(teacher: Teacher, size: str) -> Checkpoint:
    """One of that size from the teacher's weights."""
    from edgebert.errors import EdgebertError
    from edgebert.train.distillation.student import parse_size, student_from_teacher

    if teacher.checkpoint is None:
        raise EdgebertError(
            f"{teacher.name}: a file of scores has no weights to begin with; leave out --init, "
            "and give a checkpoint as --student"
        )
    return student_from_teacher(teacher.checkpoint, *parse_size(size))
