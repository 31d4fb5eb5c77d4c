"""`edgebert finetune`: a checkpoint and labelled data to a checkpoint for a task."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgebert.cli.training import (
    Accumulate,
    AsJson,
    BatchSize,
    ClipNorm,
    DropoutRate,
    Epochs,
    Force,
    Grid,
    LabelColumn,
    LearningRate,
    MaxLength,
    PairColumn,
    Patience,
    PrecisionName,
    Prune,
    QatName,
    Resume,
    SaveEvery,
    Seed,
    Seeds,
    TextColumn,
    Warmup,
    WeightDecay,
    Xla,
    print_report,
    tell,
    trials_of,
)


def finetune(
    source: Annotated[
        str,
        typer.Argument(help="What to begin with: as for edgebert convert.", show_default=False),
    ],
    train: Annotated[Path, typer.Option("--train", help="Labelled data to learn from.")],
    task: Annotated[str, typer.Option(help="classify, regress, tag, answer or embed.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write.")],
    dev: Annotated[
        Path | None,
        typer.Option("--dev", help="Labelled data to judge by.", show_default="the last is best"),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="File with one label a line.", show_default="those that occur"),
    ] = None,
    balanced: Annotated[
        bool, typer.Option("--balanced", help="Of classify: rare labels count as much as others.")
    ] = False,
    epochs: Epochs = 4,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    grid: Grid = False,
    seed: Seed = 1,
    seeds: Seeds = 1,
    patience: Patience = None,
    max_length: MaxLength = None,
    warmup: Warmup = 0.1,
    weight_decay: WeightDecay = 0.01,
    clip_norm: ClipNorm = 1.0,
    dropout: DropoutRate = 0.1,
    accumulate: Accumulate = 1,
    precision: PrecisionName = "float32",
    xla: Xla = True,
    qat: QatName = None,
    prune: Prune = 0.0,
    save_every: SaveEvery = 200,
    text_column: TextColumn = None,
    pair_column: PairColumn = None,
    label_column: LabelColumn = None,
    resume: Resume = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Fine-tune a compact BERT on labelled data; edgebert convert takes the folder it writes.

    Data is read, and the dev figure computed, as by edgebert evaluate; its help tells the formats.
    The best weights on --dev are kept; without it, the last. What a run measures, its settings and
    its last save are in OUTPUT/runs. Needs TensorFlow, which the extra “train” brings.

    \b
    Examples:
      edgebert finetune tiny --train train.csv --dev dev.csv --task classify -o intents
      edgebert finetune 4/256 --train train.tsv --dev dev.tsv --task classify --grid -o sst2
      edgebert finetune tiny --train train.csv --dev dev.csv --task classify -o intents --resume
      edgebert convert intents -o intents.tflite
    """  # noqa: D301
    from edgebert.checkpoints.sources import open_checkpoint
    from edgebert.cli.console import progress_bar
    from edgebert.evaluate.columns import Columns
    from edgebert.train.finetune import Task
    from edgebert.train.finetune import finetune as run

    trials = trials_of(
        {
            "epochs": epochs,
            "patience": patience,
            "warmup": warmup,
            "weight_decay": weight_decay,
            "clip_norm": clip_norm,
            "dropout": dropout,
            "accumulate": accumulate,
            "precision": precision,
            "xla": xla,
            "qat": qat,
            "prune": prune,
            "save_every": save_every,
        },
        batch_size=batch_size,
        learning_rate=learning_rate,
        grid=grid,
        seeds=range(seed, seed + seeds),
    )
    columns = Columns(text_column, pair_column, label_column)
    wanted = Task(task, train, dev, columns, labels, max_length, balanced)  # type: ignore[arg-type]
    with progress_bar() as progress, open_checkpoint(source, progress=progress) as checkpoint:
        report = run(
            checkpoint,
            wanted,
            output,
            trials,
            resume=resume,
            force=force,
            progress=progress,
            tell=tell,
        )
    print_report(report, as_json=as_json)
