"""`edgebert doctor`: whether this machine can run edgebert, and what to install."""

from __future__ import annotations

from typing import Annotated

import typer


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check this machine: Python, processor, engines, memory, extras; say what to install.

    Exits with 1 where numpy or every engine is missing or broken.

    \b
    Examples:
      edgebert doctor
      edgebert doctor --json
    """  # noqa: D301
    from edgebert.cli.findings import print_findings

    print_findings(as_json=as_json)
