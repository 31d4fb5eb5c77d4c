"""The program `edgebert`: its verbs, and what becomes of the errors they raise."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from edgebert.cli.augment import augment
from edgebert.cli.benchmark import benchmark
from edgebert.cli.check_data import check_data
from edgebert.cli.console import print_notice
from edgebert.cli.convert import convert
from edgebert.cli.distill import distill
from edgebert.cli.doctor import doctor
from edgebert.cli.evaluate import evaluate
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
from edgebert.errors import CheckFailedError, EdgebertError
from edgebert.version import __version__

_CHECK_FAILED = 1
_WRONG_INPUT = 2
_INTERRUPTED = 130  # as shells count it: 128 + SIGINT
_PIPE_CLOSED = 141  # 128 + SIGPIPE


class _Verbs(TyperGroup):
    """Every verb, with one way to fail: one line on stderr and an exit status."""

    def invoke(self, ctx: Any) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.showwarning = lambda message, *_args: print_notice("warning", message)
                result = super().invoke(ctx)
            sys.stdout.flush()
        except CheckFailedError as error:
            print_notice("failed", error)
            raise typer.Exit(_CHECK_FAILED) from error
        except EdgebertError as error:
            print_notice("error", error)
            raise typer.Exit(_WRONG_INPUT) from error
        except KeyboardInterrupt as error:
            raise typer.Exit(_INTERRUPTED) from error
        except BrokenPipeError as error:
            _drop_stdout()
            raise typer.Exit(_PIPE_CLOSED) from error
        return result


app = typer.Typer(
    cls=_Verbs,
    name="edgebert",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
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
app.command()(doctor)


def main() -> None:
    """Runs the program; the entry point of the package."""
    try:
        try:
            app(prog_name="edgebert")
        finally:
            if sys.stdout is not None:  # closed by whoever started us
                sys.stdout.flush()
    except BrokenPipeError:
        _drop_stdout()
        sys.exit(_PIPE_CLOSED)
    except OSError as error:  # such as a full disk behind stdout
        _drop_stdout()
        what = error if error.filename else f"cannot write the output: {error.strerror or error}"
        print_notice("error", what)
        sys.exit(_WRONG_INPUT)


def _drop_stdout() -> None:
    """Python flushes stdout once more when it ends; by then it must lead somewhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
