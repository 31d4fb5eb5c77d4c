"""`edgebert train-report`: the curves of a training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def train_report(
    folder: Annotated[
        Path, typer.Argument(help="What pretrain, finetune or distill wrote, or one of its runs.")
    ],
    html: Annotated[
        Path | None, typer.Option(help="Write a page with all curves to this file.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the page.")] = False,
) -> None:
    """Show how runs went: loss, dev figures, gradient norm and learning rate.

    The page needs no network and no other file. TensorFlow is not needed.

    \b
    Examples:
      edgebert train-report intents
      edgebert train-report intents --html intents.html
    """  # noqa: D301
    from rich.markup import escape
    from rich.table import Table

    from edgebert.cli.console import one_line, stdout
    from edgebert.files import replacing
    from edgebert.train.curves import best, read_runs, to_html

    runs = read_runs(folder)
    if html is not None:
        with replacing(html, force=force) as part:
            part.write_text(to_html(runs, folder.resolve().name), encoding="utf-8")
    shown = Table("run", "figure", "last step", "last", "highest", "at step", box=None)
    for run in runs:
        for name, points in run.curves.items():
            step, value = best(run, name)
            last_step, last = points[-1]
            shown.add_row(
                escape(one_line(run.name)),
                escape(one_line(name)),
                f"{last_step:,}",
                f"{last:.4g}",
                f"{value:.4g}",
                f"{step:,}",
            )
    stdout().print(shown)
