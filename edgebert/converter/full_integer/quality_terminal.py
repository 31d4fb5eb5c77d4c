"""A quantisation report as tables for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgebert.converter.full_integer.quality import QuantizationReport, StepQuality
from edgebert.formatting import clean, fixed, number, percent

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

WORST = 8
"""So many values are shown."""


def print_quality(report: QuantizationReport, console: Console) -> None:
    """Prints what each step gives, and the values that lose most."""
    console.print()
    console.print(_steps(report.steps))
    console.print()
    console.print(_worst(report.steps))


def _steps(steps: Sequence[StepQuality]) -> Table:
    table = _table("after the step", "cosine", "lowest")
    for step in steps:
        table.add_row(clean(step.step), fixed(step.cosine), fixed(step.lowest_cosine))
    return table


def _worst(steps: Sequence[StepQuality]) -> Table:
    """The values with the lowest cosine after the last step, with that after the first."""
    first = {value.name: value for value in steps[0].values}
    before = len(steps) > 1
    compared = ["cosine\nbefore", "largest\nbefore"] if before else []
    table = _table("worst values", "cosine", "largest", "saturated", *compared)
    for value in sorted(steps[-1].values, key=lambda value: value.cosine)[:WORST]:
        cells = [fixed(value.cosine), number(value.magnitude), percent(value.saturated)]
        if before:
            old = first.get(value.name)
            cells += ["–", "–"] if old is None else [fixed(old.cosine), number(old.magnitude)]
        table.add_row(clean(value.name), *cells)
    return table


def _table(*headings: str) -> Table:
    from rich.table import Table

    table = Table(*headings, box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    return table
