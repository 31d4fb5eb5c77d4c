"""Options that every verb that trains has, and how its report is printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from edgebert.cli.options import JsonReport

if TYPE_CHECKING:
    from edgebert.train.cluster import Cluster
    from edgebert.train.report import TrainingReport
    from edgebert.train.settings import Settings

_SETTINGS = (
    *("epochs", "batch_size", "learning_rate", "dropout", "seed"),
    *("patience", "warmup", "weight_decay", "clip_norm"),
    *("accumulate", "precision", "qat", "prune", "save_every"),
)
"""Options that are fields of `Settings` as they are."""

_FOLLOWS = "by model and data"

KEPT = "{} has what was saved: the same command with --resume goes on from there"
"""What is told after Ctrl-C, of the output."""


@dataclass(frozen=True)
class TrainingOptions:
    """Options of every verb that trains."""

    epochs: Annotated[
        int | None, typer.Option(help="Passes over the data.", show_default=_FOLLOWS)
    ] = None
    batch_size: Annotated[
        int | None, typer.Option(help="Examples a step.", show_default=_FOLLOWS)
    ] = None
    learning_rate: Annotated[
        float | None, typer.Option(help="Highest learning rate.", show_default=_FOLLOWS)
    ] = None
    grid: Annotated[
        bool,
        typer.Option(
            "--grid",
            help="Try batch sizes 8 to 128 and rates 3e-4, 1e-4, 5e-5, 3e-5; keep the best.",
        ),
    ] = False
    seed: Annotated[int, typer.Option(help="Seed of data order, dropout and new weights.")] = 1
    seeds: Annotated[
        int, typer.Option(min=1, help="Train with so many seeds from --seed on; keep the best.")
    ] = 1
    patience: Annotated[
        int | None,
        typer.Option(
            help="Stop after so many epochs without a better dev figure.", show_default="never"
        ),
    ] = None
    max_length: Annotated[
        int | None, typer.Option(help="Most tokens of an input.", show_default="the checkpoint's")
    ] = None
    warmup: Annotated[float, typer.Option(help="Share of steps in which the rate rises.")] = 0.1
    weight_decay: Annotated[float, typer.Option(help="Weight decay of AdamW.")] = 0.01
    clip_norm: Annotated[float, typer.Option(help="Largest norm of the gradient.")] = 1.0
    dropout: Annotated[
        float | None, typer.Option(help="Share of elements dropped.", show_default=_FOLLOWS)
    ] = None
    accumulate: Annotated[
        int, typer.Option(help="Number of parts in which a batch is run, to save memory.")
    ] = 1
    precision: Annotated[str, typer.Option(help="float32 or bfloat16.")] = "float32"
    qat: Annotated[
        str | None,
        typer.Option(
            "--qat",
            help="Train rounded as a file of this kind is: int8 or int8-full.",
            show_default="no rounding",
        ),
    ] = None
    prune: Annotated[
        float, typer.Option(help="Share of the weights that become 0, up to 0.95.")
    ] = 0.0
    save_every: Annotated[
        int, typer.Option(help="Steps between two saves; each epoch is saved, too.")
    ] = 200
    strategy: Annotated[
        str,
        typer.Option(
            help="Several GPUs or machines: auto, mirrored (the GPUs of this one), or "
            "multi-worker (what TF_CONFIG names)."
        ),
    ] = "auto"
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue an interrupted run; give the same options.")
    ] = False
    force: Annotated[bool, typer.Option("--force", help="Overwrite the model in --output.")] = False
    as_json: JsonReport = False

    def settings(self) -> Settings:
        """Those of a single run; TensorFlow is not needed to tell what is out of range."""
        from edgebert.train.settings import Settings

        return Settings(**{name: getattr(self, name) for name in _SETTINGS})

    def trials(self) -> tuple[Settings, ...]:
        """The settings of every run that was asked for; what is given stays fixed in a grid."""
        from edgebert.train.settings import BATCH_SIZES, LEARNING_RATES
        from edgebert.train.trials import grid

        base = self.settings()
        sizes = BATCH_SIZES if self.grid and self.batch_size is None else (self.batch_size,)
        rates = (
            LEARNING_RATES if self.grid and self.learning_rate is None else (self.learning_rate,)
        )
        return grid(base, sizes, rates, range(self.seed, self.seed + self.seeds))


MetricOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--metric",
        help="Metric of --dev by which the best weights are chosen, such as macro_f1.",
        show_default="the task's first",
    ),
]


def require_tensorflow() -> None:
    """Asks before anything is downloaded; looking whether it is there does not import it.

    Raises:
        EdgebertError: it is not.
    """
    from importlib.util import find_spec

    from edgebert.errors import EdgebertError
    from edgebert.extras import install

    if find_spec("tensorflow") is None:
        raise EdgebertError(f"training needs TensorFlow: {install('train')}")


def notify(line: str) -> None:
    """Prints a line about the run, which is not its result."""
    typer.echo(line, err=True)


def print_report(report: TrainingReport, cluster: Cluster, *, as_json: bool) -> None:
    """Prints what came of a training; of several workers, the one that wrote the model does.

    Raises:
        CheckFailedError: it is no better than chance; raised when all is printed and written.
    """
    from edgebert.cli.console import print_json
    from edgebert.errors import CheckFailedError

    if not cluster.is_chief:
        notify(f"worker {cluster.index} of {len(cluster.workers)}: done; worker 0 wrote the model")
        return
    if as_json:
        print_json(report.to_json())
    else:
        _print_figures(report)
    if report.at_chance:
        figures = ", ".join(f"{name} {value:.4f}" for name, value in report.metrics.items())
        raise CheckFailedError(
            f"{report.path}: on the dev data no better than chance ({figures or 'equal answers'}); "
            "the model is kept: look at the data, train longer (--epochs) or in another folder at "
            "another --learning-rate"
        )


def _print_figures(report: TrainingReport) -> None:
    from rich.markup import escape

    from edgebert.cli.console import stdout

    settings, console = report.best.settings, stdout()
    mark = "[bold red]✗[/]" if report.at_chance else "[bold green]✓[/]"
    console.print(f"{mark} [bold]{escape(str(report.path))}[/]")
    if report.metrics:
        figures = ", ".join(f"{name} {value:.4f}" for name, value in report.metrics.items())
        console.print(f"dev: {figures} (after step {report.best.step:,})")
    console.print(
        f"{settings.epochs} epochs, batch size {settings.batch_size}, learning rate "
        f"{settings.learning_rate:g}, dropout {settings.dropout:g}, seed {settings.seed}; "
        f"{report.examples:,} examples, {report.truncated:,} of them cut off"
    )
    if len(report.trials) > 1:
        for trial in report.trials:
            console.print(
                f"  batch {trial.settings.batch_size:>3}  rate {trial.settings.learning_rate:g}  "
                f"seed {trial.settings.seed}  {trial.figure:.4f}"
            )
