"""The curves of one run or of several side by side: read from their folders, drawn as a page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgebert.errors import EdgebertError
from edgebert.formatting import number
from edgebert.page.axis import Axis
from edgebert.page.charts import Line, legend, lines
from edgebert.page.figure import figure
from edgebert.page.frame import page
from edgebert.page.markup import Markup, element
from edgebert.page.table import Column, table
from edgebert.text_files import read_json_object
from edgebert.train.run_json import METRICS, flattened, read_metrics

MOST_POINTS = 60
"""Of one curve; more are drawn as means of neighbours."""

_LARGEST = 3.4e38  # of a float32, which is what runs measure; NaN is not below it

_TITLES: Mapping[str, str] = {
    "loss": "Loss on the examples of a step.",
    "gradient_norm": "Norm of all gradients together, before it is clipped.",
    "learning_rate": "Learning rate.",
}


@dataclass(frozen=True)
class RunCurves:
    """What a run measured.

    Attributes:
        name: of its folder.
        config: its settings and data, as text by dotted name.
        curves: by name of the figure: (step, value), in rising order of steps.
    """

    name: str
    config: Mapping[str, str]
    curves: Mapping[str, Sequence[tuple[int, float]]]


def read_runs(folder: Path) -> list[RunCurves]:
    """The run in a folder, or the runs of a model's folder.

    Raises:
        EdgebertError: there is none, or its files are damaged.
    """
    found = [folder, *sorted(path for path in (folder / "runs").glob("*"))]
    runs = [_read(path) for path in found if (path / METRICS).is_file()]
    if not any(run.curves for run in runs):
        raise EdgebertError(
            f"{folder}: no run with figures here; give the folder that edgebert pretrain, "
            "finetune or distill wrote, or one of its runs"
        )
    return runs


def to_html(runs: Sequence[RunCurves], title: str) -> str:
    """The whole page.

    Args:
        runs: at least one, with figures.
        title: what was trained.
    """
    names = list(dict.fromkeys(name for run in runs for name in run.curves))
    header = element(
        "header",
        element("h1", "How it was trained"),
        element("p", f"{title}: {len(runs)} run{'s' if len(runs) > 1 else ''}."),
    )
    keys = list(dict.fromkeys(key for run in runs for key in run.config))
    columns = [Column[str]("setting", lambda key: key)]
    columns += [
        Column(run.name, lambda key, run=run: run.config.get(key))  # type: ignore[misc]
        for run in runs
    ]
    main = element(
        "main",
        element("div", *(_figure(name, runs) for name in names), class_="charts"),
        element("h2", "Settings and data"),
        table("Settings of each run", columns, keys),
    )
    return page(f"Training of {title}", header, main)


def best(run: RunCurves, name: str) -> tuple[int, float]:
    """Step and value of a curve's highest point."""
    return max(run.curves[name], key=lambda point: point[1])


def thinned(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """At most `MOST_POINTS`: means of equally many neighbours, each at the last one's step."""
    size = -(-len(points) // MOST_POINTS)
    groups = [points[start : start + size] for start in range(0, len(points), size)]
    return [(group[-1][0], sum(value for _, value in group) / len(group)) for group in groups]


def _figure(name: str, runs: Sequence[RunCurves]) -> Markup:
    drawn, rows = [], []
    for colour, run in enumerate(runs):
        points = thinned(run.curves.get(name, ()))
        if points:
            titles = tuple(f"{run.name}, step {step}: {number(value)}" for step, value in points)
            places = tuple((float(step), value) for step, value in points)
            drawn.append(Line(run.name, "other", colour, places, titles))
            rows += [(run.name, step, value) for step, value in points]
    x = Axis.over("step", [point[0] for line in drawn for point in line.points], from_zero=True)
    values = [point[1] for line in drawn for point in line.points]
    words = name.replace("_", " ")
    y = Axis.over(words, values, from_zero=name == "learning_rate")
    columns: tuple[Column[tuple[str, int, float]], ...] = (
        Column("run", lambda row: row[0]),
        Column("step", lambda row: float(row[1])),
        Column(name, lambda row: row[2]),
    )
    return figure(
        words,
        _TITLES.get(name, "On the dev data."),
        legend([(f"stroke {line.kind}", line.name) for line in drawn]),
        lines(name, drawn, x, y),
        table(name, columns, rows),
    )


def _read(path: Path) -> RunCurves:
    curves: dict[str, list[tuple[int, float]]] = {}
    for line in read_metrics(path / METRICS):
        for name, value in line.items():
            if name != "step" and type(value) in (int, float) and abs(value) <= _LARGEST:
                curves.setdefault(str(name), []).append((line["step"], float(value)))
    config = path / "config.json"
    given = read_json_object(config) if config.is_file() else {}
    settings = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in flattened(given)
    }
    return RunCurves(path.name, settings, curves)
