"""`edgebert pick`: which model of a benchmark to ship."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from edgebert.benchmarking.pick import Candidate, Choice


def pick(
    report: Annotated[Path, typer.Argument(help="What edgebert benchmark -o wrote.")],
    max_ms: Annotated[
        float | None, typer.Option(help="Longest median time of an answer, milliseconds.")
    ] = None,
    max_mb: Annotated[float | None, typer.Option(help="Largest file, millions of bytes.")] = None,
    min_accuracy: Annotated[
        float | None, typer.Option(help="Least accuracy (the task's metric), such as 0.9.")
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="Name of the device in the report.", show_default="fits on every device"),
    ] = None,
    given: Annotated[
        str | None,
        typer.Option(
            "--input",
            help="Input whose times count: texts, or a number of tokens.",
            show_default="texts, or the longest length",
        ),
    ] = None,
    prefer: Annotated[
        str | None,
        typer.Option(
            help="Among models that are equally accurate: size, speed or accuracy.",
            show_default="size; speed where no accuracy was measured",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the choice as JSON.")] = False,
) -> None:
    """Name the model to ship within limits, and what lies just outside them.

    Each model counts with its quickest setting on each device. Models whose accuracy lies within
    the 95 % interval of the most accurate that fits count as equally accurate, and of them the
    smallest is named, or what --prefer says; if accuracy alone is limited, the smallest that
    reaches it. Exit status 1 if none fits.

    \b
    Examples:
      edgebert pick report.json --max-ms 20 --max-mb 10 --min-accuracy 0.9
      edgebert pick report.json --max-ms 5 --device ssh://pi@raspberrypi.local
      edgebert pick report.json --max-mb 10 --prefer speed
      edgebert pick report.json --min-accuracy 0.85 --input 32 --json
    """  # noqa: D301
    from edgebert.benchmarking.pick import Limits
    from edgebert.benchmarking.pick import pick as choose
    from edgebert.benchmarking.result import read_report
    from edgebert.cli.console import print_json
    from edgebert.errors import CheckFailedError

    limits = Limits(max_ms, max_mb, min_accuracy)
    choice = choose(read_report(report), limits, device=device, given=given, prefer=prefer)  # type: ignore[arg-type]
    if as_json:
        print_json(choice.to_json())
    else:
        _print(choice)
    if choice.best is None:
        raise CheckFailedError(f"{report}: no model fits the limits")


def _print(choice: Choice) -> None:
    from rich.text import Text

    from edgebert.cli.console import stdout
    from edgebert.formatting import clean

    console = stdout()
    where = clean(", ".join(choice.devices))
    if choice.best is not None:
        console.print(Text(f"ship {clean(choice.best.name)}", style="bold"))
        console.print(Text(f"{choice.why}: {choice.best.figures} ({clean(choice.input)}, {where})"))
        for row in choice.best.runs:
            console.print(Text(f"on {clean(row.device.name)}: {clean(row.setting)}"))
    for title, shown in (("fits", choice.fitting[1:]), ("just outside", choice.near)):
        if shown:
            console.print()
            console.print(_table(title, shown))
    if choice.others:
        console.print(Text(f"\n{choice.others:,} more, farther outside", style="dim"))
    for note in choice.notes:
        console.print(Text(f"note: {clean(note)}", style="yellow"))


def _table(title: str, shown: Sequence[Candidate]) -> Table:
    from rich.text import Text

    from edgebert.cli.console import table
    from edgebert.formatting import UNKNOWN, clean, megabytes, number

    listed = table()
    listed.add_column(title, overflow="fold")
    for heading in ("ms", "MB", "accuracy"):
        listed.add_column(heading, justify="right", no_wrap=True)
    listed.add_column("")
    for each in shown:
        accuracy = UNKNOWN if each.accuracy is None else f"{each.accuracy:.4f}"
        figures = (number(each.ms), megabytes(each.bytes), accuracy)
        listed.add_row(Text(clean(each.name)), *figures, each.misses)
    return listed
