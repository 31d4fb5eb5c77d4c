"""Options that every verb that trains has, and how its report is printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from edgebert.train.report import Report
    from edgebert.train.settings import Settings

Epochs = Annotated[int, typer.Option(help="Times that all data is seen.")]
BatchSize = Annotated[int | None, typer.Option(help="Examples a step.", show_default="32")]
LearningRate = Annotated[float | None, typer.Option(help="Highest one.", show_default="1e-4")]
Grid = Annotated[
    bool,
    typer.Option(
        "--grid",
        help="Try batch sizes 8 to 128 and rates 3e-4, 1e-4, 5e-5, 3e-5; keep the best.",
    ),
]
Seed = Annotated[int, typer.Option(help="Of data order, dropout and new weights.")]
Seeds = Annotated[
    int, typer.Option(min=1, help="Train with so many seeds from --seed on; keep the best.")
]
Patience = Annotated[
    int | None,
    typer.Option(
        help="Stop after so many epochs without a better dev figure.", show_default="never"
    ),
]
MaxLength = Annotated[
    int | None, typer.Option(help="Most tokens of an input.", show_default="the checkpoint's")
]
Warmup = Annotated[float, typer.Option(help="Share of steps in which the rate rises.")]
WeightDecay = Annotated[float, typer.Option(help="Of AdamW.")]
ClipNorm = Annotated[float, typer.Option(help="Largest norm of the gradient.")]
DropoutRate = Annotated[float, typer.Option(help="Share of elements dropped.")]
Accumulate = Annotated[int, typer.Option(help="Parts in which a batch is run, to save memory.")]
PrecisionName = Annotated[str, typer.Option(help="float32 or bfloat16.")]
Xla = Annotated[
    bool, typer.Option(help="Compile steps: a few seconds for each length, then faster.")
]
QatName = Annotated[
    str | None,
    typer.Option(
        "--qat",
        help="Train rounded as a file of this kind is: int8 or int8-full.",
        show_default="no rounding",
    ),
]
Prune = Annotated[float, typer.Option(help="Share of the weights that become 0, up to 0.95.")]
SaveEvery = Annotated[int, typer.Option(help="Steps; each epoch is saved, too.")]
TextColumn = Annotated[
    str | None, typer.Option(help="Column of the text, or of a pair's first text.")
]
PairColumn = Annotated[str | None, typer.Option(help="Column of a pair's second text.")]
LabelColumn = Annotated[str | None, typer.Option(help="Column of the label or score.")]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with what broke off; give the same options.")
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite the model in --output.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]


def trials_of(
    shared: Mapping[str, Any],
    *,
    batch_size: int | None,
    learning_rate: float | None,
    grid: bool,
    seeds: Iterable[int],
) -> tuple[Settings, ...]:
    """The settings of every run that was asked for; a size or rate that is given stays fixed."""
    from edgebert.train.settings import BATCH_SIZES, LEARNING_RATES, Settings
    from edgebert.train.trials import grid as combinations

    base = Settings(**shared)
    sizes = BATCH_SIZES if grid else (base.batch_size,)
    rates = LEARNING_RATES if grid else (base.learning_rate,)
    sizes = sizes if batch_size is None else (batch_size,)
    rates = rates if learning_rate is None else (learning_rate,)
    return combinations(base, sizes, rates, seeds)


def tell(line: str) -> None:
    """Prints a line about the run, which is not its result."""
    typer.echo(line, err=True)


def print_report(report: Report, *, as_json: bool) -> None:
    """Prints what came of a training."""
    from rich.markup import escape

    from edgebert.cli.console import print_json, stdout

    if as_json:
        print_json(report.to_json())
        return
    settings, console = report.best.settings, stdout()
    console.print(f"[bold green]✓[/] [bold]{escape(str(report.path))}[/]")
    if report.metrics:
        figures = ", ".join(f"{name} {value:.4f}" for name, value in report.metrics.items())
        console.print(f"dev: {figures} (after step {report.best.step:,})")
    console.print(
        f"batch size {settings.batch_size}, learning rate {settings.learning_rate:g}, "
        f"seed {settings.seed}; {report.examples:,} examples, {report.truncated:,} of them cut off"
    )
    if len(report.trials) > 1:
        for trial in report.trials:
            console.print(
                f"  batch {trial.settings.batch_size:>3}  rate {trial.settings.learning_rate:g}  "
                f"seed {trial.settings.seed}  {trial.figure:.4f}"
            )
