"""`edgebert finetune`: a checkpoint and labelled data to a checkpoint for a task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from edgebert.evaluation.columns import Columns


@grouped
def finetune(
    *,
    source: Annotated[
        str,
        typer.Argument(help="What to begin with: as for edgebert convert.", show_default=False),
    ],
    train: Annotated[Path, typer.Option("--train", help="Labelled data to learn from.")],
    task: Annotated[str, typer.Option(help="classify, regress, tag, answer or embed.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write.")],
    dev: Annotated[
        Path | None,
        typer.Option(
            "--dev", help="Labelled data to evaluate on.", show_default="the last is best"
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="File with one label a line.", show_default="those that occur"),
    ] = None,
    balanced: Annotated[
        bool, typer.Option("--balanced", help="For classify: rare labels count as much as others.")
    ] = False,
    multi_label: Annotated[
        bool,
        typer.Option("--multi-label", help="For classify: a text may have several labels, as a|b."),
    ] = False,
    metric: MetricOption = None,
    vocabulary: VocabularyOptions,
    training: TrainingOptions,
    data: LabelledColumns,
) -> None:
    """Fine-tune a compact BERT on labelled data; edgebert convert takes the folder it writes.

    Data is read, and the dev figure computed, as by edgebert evaluate, whose help describes the
    formats. The best weights on --dev are kept; without it, the last. What is not given of epochs,
    batch size, learning rate and dropout follows from model and data, and is printed; a model no
    better than chance on --dev ends with status 1. What a run measures, its settings and its last
    save are in OUTPUT/runs. Needs TensorFlow, which the extra “train” brings.

    \b
    Examples:
      edgebert finetune tiny --train train.csv --dev dev.csv --task classify -o intents
      edgebert finetune 4/256 --train train.tsv --dev dev.tsv --task classify --grid -o sst2
      edgebert finetune tiny --train train.csv --dev dev.csv --task classify -o intents --resume
      edgebert finetune tiny --train train.csv --task classify --vocabulary-from train.csv -o small
      edgebert convert intents -o intents.tflite
    """  # noqa: D301
    from contextlib import ExitStack

    from edgebert.checkpoints.sources import open_checkpoint
    from edgebert.cli.console import progress_bar

    training.settings()
    _check_data(task, train, dev, data.columns(), multi_label=multi_label, metric=metric)
    require_tensorflow()
    with ExitStack() as stack:
        progress = stack.enter_context(progress_bar(KEPT.format(output)))
        whole = stack.enter_context(open_checkpoint(source, progress=progress))
        checkpoint = with_fewer_pieces(
            whole,
            vocabulary,
            task,  # type: ignore[arg-type]
            progress,
            notify,
        )

        # Here, not above: TensorFlow takes seconds to import, and input errors do not wait for it.
        from edgebert.train.finetuning.finetune import FineTuningSpec
        from edgebert.train.finetuning.finetune import finetune as run
        from edgebert.train.strategy import distributed

        trials = training.trials()
        spec = FineTuningSpec(
            task,  # type: ignore[arg-type]
            train,
            dev,
            data.columns(),
            labels,
            training.max_length,
            balanced,
            multi_label,
            metric,
        )
        cluster = stack.enter_context(distributed(training.strategy, notify))
        report = run(
            checkpoint,
            spec,
            output,
            trials,
            resume=training.resume,
            force=training.force,
            progress=progress,
            notify=notify,
        )
    print_report(report, cluster, as_json=training.as_json)


def _check_data(
    task: str,
    train: Path,
    dev: Path | None,
    columns: Columns,
    *,
    multi_label: bool,
    metric: str | None,
) -> None:
    """Reads both files to their ends.

    Raises:
        EdgebertError: a row cannot be read, there is no such metric, or the task is not learned
            from labelled data.
    """
    from edgebert.bert.tasks import require_learned
    from edgebert.evaluation.data import open_data

    require_learned(task)
    files = [open_data(train, task, columns, multi_label=multi_label)]
    if dev is not None:
        files.append(open_data(dev, task, columns, multi_label=multi_label))
        files[-1].require_metric(metric)
    for file in files:
        file.check()
