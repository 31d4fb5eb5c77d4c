"""The program `edgebert`: the whole command where Typer is installed, else what is light."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from edgebert.cli.console import print_notice
from edgebert.cli.exit_status import PIPE_CLOSED, WRONG_INPUT, drop_stdout


def main() -> None:
    """Runs the program; the entry point of the package."""
    try:
        try:
            _front()
        finally:
            if sys.stdout is not None:  # closed by whoever started us
                sys.stdout.flush()
    except BrokenPipeError:
        drop_stdout()
        sys.exit(PIPE_CLOSED)
    except OSError as error:  # such as a full disk behind stdout
        drop_stdout()
        what = error if error.filename else f"cannot write the output: {error.strerror or error}"
        print_notice("error", what)
        sys.exit(WRONG_INPUT)


def _front() -> None:
    if find_spec("typer") is None:
        from edgebert.cli.light import run_light

        run_light(sys.argv[1:])
    else:
        from edgebert.cli.main import app

        app(prog_name="edgebert")
