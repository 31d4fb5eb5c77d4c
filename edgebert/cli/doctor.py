"""`edgebert doctor`: whether this machine can run edgebert, and what to install."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from edgebert.errors import CheckFailedError

if TYPE_CHECKING:
    from rich.table import Table

    from edgebert.runtime.doctor import Diagnosis

_STYLES = {"ok": "green", "warn": "yellow", "missing": "red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check this machine: Python, processor, engines, memory; say what to install.

    Exits with 1 where numpy or every engine is missing or broken.

    \b
    Examples:
      edgebert doctor
      edgebert doctor --json
    """  # noqa: D301
    from edgebert.cli.console import print_json, stdout
    from edgebert.runtime.doctor import can_run, examine

    findings = examine()
    usable = can_run(findings)
    if as_json:
        print_json({"usable": usable, "findings": [asdict(finding) for finding in findings]})
    else:
        stdout().print(_table(findings))
    if not usable:
        raise CheckFailedError("edgebert cannot run here: numpy and one engine must be ok")


def _table(findings: tuple[Diagnosis, ...]) -> Table:
    from rich.text import Text

    from edgebert.cli.console import table

    shown = table(show_header=False)
    for _ in ("status", "name"):
        shown.add_column(no_wrap=True)
    for _ in ("found", "advice"):
        shown.add_column(overflow="fold")
    for finding in findings:
        status = Text(finding.status, style=_STYLES[finding.status])
        shown.add_row(status, finding.name, Text(finding.found), Text(finding.advice))
    return shown
