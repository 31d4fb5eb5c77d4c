"""A quantisation report as one page: what each step gains, and where the error is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from edgebert.converter.full_integer.quality import (
    QuantizationReport,
    StepQuality,
    ValueQuality,
)
from edgebert.formatting import fixed, number, percent
from edgebert.page.axis import Axis
from edgebert.page.charts import Bar, Line, bars, legend, lines
from edgebert.page.figure import figure
from edgebert.page.frame import page
from edgebert.page.markup import Markup, element
from edgebert.page.table import Column, table

LEAST_ERROR = 0.1
"""In thousandths: smaller errors are drawn as this, since the axis is logarithmic."""

NORM = ".norm"
"""How the names of layer norms end."""

WIDEST = 12
"""So many ranges are drawn."""

WORST = 20
"""So many values are listed beside the drawing of all."""


def to_html(report: QuantizationReport, title: str) -> str:
    """The whole page.

    Args:
        report: what to show.
        title: what was quantised.
    """
    last = report.steps[-1]
    header = element(
        "header",
        element("h1", "Where accuracy goes"),
        element(
            "p",
            f"{title}: its output has cosine {fixed(last.cosine)} with float32 (lowest "
            f"{fixed(last.lowest_cosine)}). Every value below is compared with the same graph in "
            "float, on texts that took no part in calibration and on real tokens only.",
        ),
    )
    charts = [_steps(report.steps), _along(report.steps), _widest(report.steps)]
    main = element(
        "main",
        element("div", *charts, class_="charts"),
        element("h2", "Every value"),
        table("Values in the order of the graph", _every_column(report.steps), last.values),
    )
    return page(f"Quantisation of {title}", header, main)


def _steps(steps: Sequence[StepQuality]) -> Markup:
    """The error of the output after each step."""
    drawn = [Bar(step.step, (("error", 1 - step.cosine),)) for step in steps]
    columns: tuple[Column[StepQuality], ...] = (
        Column("step", lambda step: step.step),
        Column("cosine", lambda step: step.cosine, fixed),
        Column("lowest", lambda step: step.lowest_cosine, fixed),
    )
    return figure(
        "Step by step",
        "1 − cosine of the output with float32 after each step and all before it.",
        None,
        bars("Error after each step", drawn, ""),
        table("Steps", columns, steps),
    )


def _along(steps: Sequence[StepQuality]) -> Markup:
    """The error after each layer norm, in the order of the graph, before and after."""
    ends = steps[:1] if len(steps) == 1 else (steps[0], steps[-1])
    drawn = [_line(step, len(ends) - 1 - at) for at, step in enumerate(ends)]
    count = max(len(line.points) for line in drawn)
    errors = [error for line in drawn for _, error in line.points]
    worst = sorted(steps[-1].values, key=lambda value: value.cosine)[:WORST]
    return figure(
        "Along the graph",
        "1 − cosine after each layer norm, from the embeddings to the output.",
        legend([(f"stroke {line.kind}", line.name) for line in drawn]),
        lines(
            "Error along the graph",
            drawn,
            Axis.over("layer norm, in the order of the graph", [0.0, float(count)]),
            Axis.over("1 − cosine, thousandths", errors),
        ),
        table("The worst values", (*_VALUE, *_each_step(steps, "cosine", fixed)), worst),
    )


def _line(step: StepQuality, colour: int) -> Line:
    """A step's layer norms and its output; one value a norm keeps the drawing legible."""
    shown = [value for value in step.values[:-1] if value.name.endswith(NORM)]
    shown += step.values[-1:]
    return Line(
        name=step.step,
        series="other",
        colour=colour,
        points=tuple((float(at), _error(value)) for at, value in enumerate(shown)),
        titles=tuple(f"{each.name} ({step.step}): cosine {fixed(each.cosine)}" for each in shown),
    )


def _widest(steps: Sequence[StepQuality]) -> Markup:
    """The ranges that leave least room for small numbers."""
    widest = sorted(steps[-1].values, key=lambda value: -value.magnitude)[:WIDEST]
    drawn = [Bar(value.name, (("largest magnitude", value.magnitude),)) for value in widest]
    return figure(
        "Widest ranges",
        "Largest magnitude in calibration after the last step; the table has it after each. In "
        "int8 a 127th of it is one step.",
        None,
        bars("Widest ranges", drawn, ""),
        table("Widest ranges", (*_VALUE, *_each_step(steps, "magnitude", number)), widest),
    )


def _error(value: ValueQuality) -> float:
    """1 - cosine in thousandths."""
    return max(1000 * (1 - value.cosine), LEAST_ERROR)


def _every_column(steps: Sequence[StepQuality]) -> tuple[Column[ValueQuality], ...]:
    return (*_VALUE, *_each_step(steps, "cosine", fixed), *_RANGE)


def _each_step(
    steps: Sequence[StepQuality], of: str, show: Callable[[float], str]
) -> Iterable[Column[ValueQuality]]:
    """A column for each step: an attribute of the value of the same name."""
    for step in steps:
        named = {value.name: getattr(value, of) for value in step.values}
        yield Column(f"{of}, {step.step}", partial(_of_same_name, named=named), show)


def _of_same_name(value: ValueQuality, named: Mapping[str, float]) -> float | None:
    return named.get(value.name)


_VALUE: tuple[Column[ValueQuality], ...] = (
    Column("value", lambda value: value.name),
    Column("op", lambda value: value.op),
    Column("type", lambda value: value.dtype),
)

_RANGE: tuple[Column[ValueQuality], ...] = (
    Column("least", lambda value: value.minimum),
    Column("greatest", lambda value: value.maximum),
    Column("one step", lambda value: value.scale, "{:.3g}".format),
    Column("stands for 0", lambda value: value.zero_point, "{:.0f}".format),
    Column("saturated", lambda value: value.saturated, percent),
)
