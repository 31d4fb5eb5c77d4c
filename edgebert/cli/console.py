"""What the verbs share when they print: consoles, JSON, progress bars, the last word."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal, TextIO, TypeAlias

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from edgebert.progress import Progress

Notice: TypeAlias = Literal["error", "failed", "warning"]
Colour: TypeAlias = Literal["red", "yellow", "green"]

_COLOURS: dict[Colour, int] = {"red": 31, "green": 32, "yellow": 33}
_PIPE_WIDTH = 140
_TEXT_SHOWN = 200


def stdout() -> Console:
    """The console for results: as wide as the terminal, or wide enough for a pipe."""
    fixed = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else _PIPE_WIDTH
    return _console(width=fixed)


def stderr() -> Console:
    """The console for what is not the result."""
    return _console(stderr=True)


def table(*headings: str, **options: Any) -> Table:
    """A table without lines, as all verbs print them."""
    from rich.table import Table

    return Table(*headings, box=None, padding=(0, 2, 0, 0), pad_edge=False, **options)


def facts_table(rows: Iterable[tuple[str, str]]) -> Table:
    """Names, and what is to be said of each; text from outside is shown as it is."""
    from rich.markup import escape

    made = table(show_header=False)
    made.add_column(style="dim", no_wrap=True)
    made.add_column()
    for name, value in rows:
        made.add_row(name, escape(value))
    return made


def echo(line: str, *, err: bool = False) -> None:
    r"""Prints a line at once, with `\u…` for what the stream's encoding does not have."""
    stream = sys.stderr if err else sys.stdout
    if stream is not None:  # closed by whoever started us
        encoding = stream.encoding or "utf-8"
        stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        stream.flush()


def styled(text: str, colour: Colour, stream: TextIO) -> str:
    """Text in bold and a colour, where the stream is a terminal that wants it."""
    if not stream.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[1;{_COLOURS[colour]}m{text}\x1b[0m"


def print_json(value: Any) -> None:
    """Prints one JSON value on stdout, readable where the terminal can show it."""
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    # A lone surrogate has no UTF-8; its backslash form is what JSON writes for it anyway.
    echo(json.dumps(value, indent=2, ensure_ascii=not is_utf8))


def print_notice(kind: Notice, message: object) -> None:
    """Prints `kind: message` on stderr, as one line that cannot play with the terminal."""
    line = escaped(" ".join(str(message).split("\n")))
    if sys.stderr is not None:
        colour: Colour = "yellow" if kind == "warning" else "red"
        echo(f"{styled(f'{kind}:', colour, sys.stderr)} {line}", err=True)


def escaped(text: str) -> str:
    r"""Text from outside as one line, with `\n` and the like for what cannot be printed."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def one_line(text: str) -> str:
    """Text from outside, cut to a line that cannot play with the terminal."""
    shown = text if len(text) <= _TEXT_SHOWN else f"{text[:_TEXT_SHOWN]}…"
    return "".join(character if character.isprintable() else " " for character in shown)


@contextlib.contextmanager
def progress_bar(kept: str = "nothing was written") -> Iterator[Progress]:
    """Gives a `Progress` that draws a bar on stderr for each step it is told about.

    Nothing is drawn where stderr is no terminal, and nothing is left of the bars at the end.

    Args:
        kept: what is told after Ctrl-C: what there is by then, and how to go on.
    """
    try:
        with _bars() as progress:
            yield progress
    except KeyboardInterrupt:
        print_notice("warning", f"interrupted; {kept}")
        raise


@contextlib.contextmanager
def _bars() -> Iterator[Progress]:
    from rich import progress as bars

    from edgebert.progress import silent

    console = stderr()
    if not console.is_terminal:
        yield silent
        return
    tasks: dict[str, bars.TaskID] = {}
    with bars.Progress(
        bars.TextColumn("{task.description}", markup=False),
        bars.BarColumn(),
        bars.TextColumn("{task.fields[amount]}"),
        bars.TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as drawn:

        def report(done: int, total: int | None, description: str) -> None:
            if description not in tasks:
                tasks[description] = drawn.add_task(description, total=total, amount="")
            drawn.update(
                tasks[description], completed=done, total=total, amount=_amount(done, total)
            )

        yield report


def _amount(done: int, total: int | None) -> str:
    """Bytes as megabytes; fewer than 100,000 of something are no bytes but texts or layers."""
    if max(done, total or 0) < 100_000:
        return f"{done} of {total}" if total else f"{done}"
    return f"{done / 1e6:.1f} of {total / 1e6:.1f} MB" if total else f"{done / 1e6:.1f} MB"


def _console(**options: Any) -> Console:
    from rich.console import Console

    class QuietConsole(Console):
        def on_broken_pipe(self) -> None:
            """Leaves it to `edgebert.cli.exit_status`, which does the same for all output."""
            raise BrokenPipeError

    return QuietConsole(highlight=False, **options)
