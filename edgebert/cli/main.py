"""The whole command, for which the extra cli brings Typer: all verbs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from edgebert.cli.augment import augment
from edgebert.cli.benchmark import benchmark
from edgebert.cli.check_data import check_data
from edgebert.cli.convert import convert
from edgebert.cli.demo import demo
from edgebert.cli.distill import distill
from edgebert.cli.doctor import doctor
from edgebert.cli.evaluate import evaluate
from edgebert.cli.exit_status import exit_statuses
from edgebert.cli.finetune import finetune
from edgebert.cli.fit import fit
from edgebert.cli.inspect import inspect
from edgebert.cli.models import models
from edgebert.cli.pick import pick
from edgebert.cli.pretrain import pretrain
from edgebert.cli.run import run
from edgebert.cli.search import search
from edgebert.cli.serve import serve
from edgebert.cli.teach import teach
from edgebert.cli.train_report import train_report
from edgebert.errors import EdgebertError
from edgebert.version import __version__

_UsageError: type[Any] = typer.BadParameter.__bases__[0]  # Typer has no public name for it

_SUGGESTIONS = {
    "compare": "two files are compared by: edgebert evaluate FILE --data DATA --against BASELINE; "
    "two reports by: edgebert benchmark FILE --compare REPORT",
}
"""Verbs that people look for, and where what they do is."""
_TAKE_TEXTS = ("run", "search", "teach")


class _Verbs(TyperGroup):
    """Every verb, with one way to fail."""

    def make_context(self, *args: Any, **options: Any) -> Any:
        with exit_statuses(), _usage():
            return super().make_context(*args, **options)

    def invoke(self, ctx: Any) -> Any:
        with exit_statuses(), _usage():
            return super().invoke(ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] in _SUGGESTIONS:
            raise EdgebertError(_SUGGESTIONS[args[0]])
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Lists the first sentence of each, whole."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, verb.get_short_help_str(500)) for name, verb in self.commands.items()]
            )


@contextmanager
def _usage() -> Iterator[None]:
    """Wrong use is told as every other wrong input: in one line."""
    try:
        yield
    except _UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # whose message is the help
            raise
        said = " ".join(error.format_message().split()).rstrip(".")
        where = error.ctx.command_path if error.ctx else "edgebert"
        hint = f"see {where} --help"
        if type(error).__name__ == "NoSuchOption" and where.rpartition(" ")[2] in _TAKE_TEXTS:
            hint += "; texts that begin with - stand behind --"
        raise EdgebertError(f"{said[0].lower()}{said[1:]}; {hint}") from error


app = typer.Typer(
    cls=_Verbs,
    name="edgebert",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"edgebert {__version__}")
        raise typer.Exit


@app.callback()
def edgebert(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """From a compact BERT checkpoint to one int8 TFLite file for a phone or a Raspberry Pi."""


# One line a verb; what a verb needs it imports when it runs, so that --help stays quick.
app.command()(convert)
app.command()(run)
app.command()(inspect)
app.command()(evaluate)
app.command()(benchmark)
app.command()(search)
app.command()(teach)
app.command()(serve)
app.command()(pick)
app.command("check-data")(check_data)
app.command()(fit)
app.command()(pretrain)
app.command()(finetune)
app.command()(distill)
app.command()(augment)
app.command("train-report")(train_report)
app.command()(models)
app.command()(demo)
app.command()(doctor)
