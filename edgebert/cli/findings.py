"""Prints what `edgebert doctor` found, without what the extra cli brings."""

from __future__ import annotations

import sys
from dataclasses import asdict

from edgebert.cli.console import Colour, echo, escaped, print_json, styled
from edgebert.errors import CheckFailedError
from edgebert.runtime import doctor

_COLOURS: dict[doctor.Status, Colour] = {"ok": "green", "warn": "yellow", "missing": "red"}


def print_findings(*, as_json: bool) -> None:
    """Examines this machine and prints a line a finding, or all as JSON.

    Raises:
        CheckFailedError: nothing can run here.
    """
    findings = doctor.examine()
    usable = doctor.can_run(findings)
    if as_json:
        print_json({"usable": usable, "findings": [asdict(finding) for finding in findings]})
    else:
        width = max(len(finding.name) for finding in findings)
        for each in findings:
            status = styled(f"{each.status:<7}", _COLOURS[each.status], sys.stdout)
            advice = f"; {each.advice}" if each.advice else ""
            echo(f"{status}  {each.name:<{width}}  {escaped(each.found + advice)}")
    if not usable:
        raise CheckFailedError("edgebert cannot run here: numpy and one engine must be ok")
