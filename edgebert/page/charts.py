"""The charts of the page, drawn as SVG: points, lines, stacked bars, intervals.

A chart is 360 units wide and at least about as many pixels on any screen, so that its text stays
legible on a phone. Colours and weights are in `page.css`; every mark has a `<title>` that tells
its figures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

from edgebert.formatting import clean, number, plain
from edgebert.page.axis import Axis
from edgebert.page.labels import Box, Label, place
from edgebert.page.markup import Markup, element

WIDTH = 360
_HEIGHT = 278
_PLOT = Box(48, 12, 350, 234)
_BAR_PITCH, _BAR_HEIGHT = 38, 14
_LARGEST_AREA = 340.0
_NAME_SHOWN = 24
_BAR_NAME_SHOWN = 44
_MOST_NAMED = 12
_COLOURS = 6


@dataclass(frozen=True)
class Point:
    """A mark of a scatter chart.

    Attributes:
        series: class of the mark in the style sheet: int8, float32, other.
        size: its area is proportional to this.
        front: on the Pareto front.
    """

    x: float
    y: float
    name: str
    series: str
    title: str
    size: float = 0.0
    front: bool = False


@dataclass(frozen=True)
class Line:
    """A line over x, with a mark and a title at each point.

    Attributes:
        series: class of the line in the style sheet: int8, float32, other.
        colour: lines of the same model share it.
    """

    name: str
    series: str
    colour: int
    points: tuple[tuple[float, float], ...]
    titles: tuple[str, ...]

    @property
    def kind(self) -> str:
        """Its classes in the style sheet."""
        return f"{self.series} c{self.colour % _COLOURS}"


@dataclass(frozen=True)
class Bar:
    """A bar in parts: (name of the part, its value)."""

    name: str
    parts: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class ErrorBar:
    """A value and its interval."""

    name: str
    series: str
    value: float
    low: float
    high: float
    title: str


def scatter(title: str, points: Sequence[Point], x: Axis, y: Axis) -> Markup:
    """Points, with a stepped line through those on the front, which are named first."""
    at = [(_across(x, point.x), _up(y, point.y)) for point in points]
    largest = max((point.size for point in points), default=0.0)
    radii = [sqrt(_LARGEST_AREA * p.size / largest) if largest else 5.0 for p in points]
    radii = [max(3.5, radius) for radius in radii]
    marks = [
        element(
            "circle",
            element("title", point.title),
            class_=f"point {point.series}{' front' if point.front else ''}",
            cx=left,
            cy=top,
            r=radius,
        )
        for point, (left, top), radius in zip(points, at, radii, strict=True)
    ]
    boxes = [
        Box(left - r, top - r, left + r, top + r) for (left, top), r in zip(at, radii, strict=True)
    ]
    few = len(points) <= _MOST_NAMED
    order = sorted(range(len(points)), key=lambda index: not points[index].front)
    order = [index for index in order if few or points[index].front]
    texts = [Label(*at[i], radii[i], clean(points[i].name, _NAME_SHOWN)) for i in order]
    front = sorted(at[index] for index in range(len(points)) if points[index].front)
    path = _steps(front)
    drawn = [element("path", d=path, class_="front-line")] if path else []
    return _frame(title, _HEIGHT, *_axes(x, y), *drawn, *marks, *_labels(texts, boxes))


def lines(title: str, drawn: Sequence[Line], x: Axis, y: Axis) -> Markup:
    """Lines with a mark at each point; `legend` names them."""
    parts: list[Markup] = []
    for line in drawn:
        at = [(_across(x, a), _up(y, b)) for a, b in line.points]
        colour = f"line {line.kind}"
        parts.append(element("polyline", points=_path(at), class_=colour))
        for (left, top), text in zip(at, line.titles, strict=True):
            mark = element("title", text)
            parts.append(element("circle", mark, cx=left, cy=top, r=3.5, class_=colour))
    return _frame(title, _HEIGHT, *_axes(x, y), *parts)


def bars(title: str, drawn: Sequence[Bar], unit: str) -> Markup:
    """Stacked bars, each with its name and sum above it."""
    longest = max((sum(value for _, value in bar.parts) for bar in drawn), default=1.0) or 1.0
    scale = (WIDTH - 12) / longest
    kinds = list(dict.fromkeys(name for bar in drawn for name, _ in bar.parts))
    parts: list[Markup] = []
    for index, bar in enumerate(drawn):
        top = index * _BAR_PITCH + 14
        whole = sum(value for _, value in bar.parts)
        parts.append(_text(0, top, clean(bar.name, _BAR_NAME_SHOWN), "name"))
        parts.append(_text(WIDTH, top, f"{number(whole)} {unit}", "value", "end"))
        left = 0.0
        for name, value in bar.parts:
            label = element("title", f"{bar.name}: {name} {number(value)} {unit}")
            parts.append(
                element(
                    "rect",
                    label,
                    class_=f"part k{kinds.index(name)}",
                    x=left,
                    y=top + 5,
                    width=value * scale,
                    height=_BAR_HEIGHT,
                )
            )
            left += value * scale
    return _frame(title, len(drawn) * _BAR_PITCH + 4, *parts)


def error_bars(title: str, drawn: Sequence[ErrorBar], x: Axis, mark: float) -> Markup:
    """Values with their intervals, and a line at `mark`."""
    height = len(drawn) * _BAR_PITCH + 34
    bottom = height - 34

    def across(value: float) -> float:
        return 12 + x.share(value) * (WIDTH - 24)

    grid = _ticks_below(x, across, bottom)
    here = across(mark)
    parts = [element("line", x1=here, x2=here, y1=0, y2=bottom, class_="mark")]
    for index, span in enumerate(drawn):
        top = index * _BAR_PITCH + 14
        low, high, middle = across(span.low), across(span.high), across(span.value)
        label = element("title", span.title)
        y = top + 12
        parts += [
            _text(0, top, clean(span.name, _BAR_NAME_SHOWN), "name"),
            _text(WIDTH, top, f"{span.value:.2f} ×", "value", "end"),
            element("line", x1=low, x2=high, y1=y, y2=y, class_=f"span {span.series}"),
            element("circle", label, cx=middle, cy=y, r=5, class_=f"point {span.series}"),
        ]
    return _frame(title, height, *grid, *parts)


def legend(names: Sequence[tuple[str, str]]) -> Markup:
    """Names of the colours: (class of the swatch, what it stands for)."""
    items = (
        element("li", element("span", class_=f"swatch {kind}", aria_hidden="true"), name)
        for kind, name in names
    )
    return element("ul", *items, class_="legend")


def _frame(title: str, height: float, *children: Markup) -> Markup:
    return element(
        "svg",
        element("title", title),
        *children,
        viewBox=f"0 0 {WIDTH} {height:g}",
        role="img",
        aria_label=title,
        xmlns="http://www.w3.org/2000/svg",
    )


def _across(axis: Axis, value: float) -> float:
    return _PLOT.left + axis.share(value) * (_PLOT.right - _PLOT.left)


def _up(axis: Axis, value: float) -> float:
    return _PLOT.bottom - axis.share(value) * (_PLOT.bottom - _PLOT.top)


def _axes(x: Axis, y: Axis) -> list[Markup]:
    drawn = _ticks_below(x, lambda value: _across(x, value), _PLOT.bottom, _PLOT.top)
    for tick in y.ticks:
        at = _up(y, tick)
        drawn.append(element("line", x1=_PLOT.left, x2=_PLOT.right, y1=at, y2=at, class_="grid"))
        drawn.append(_text(_PLOT.left - 6, at + 4, plain(tick), "tick", "end"))
    middle = (_PLOT.top + _PLOT.bottom) / 2
    title = element(
        "text", y.title, transform=f"translate(11 {middle:g}) rotate(-90)", class_="axis"
    )
    return [*drawn, title]


def _ticks_below(
    axis: Axis, across: Callable[[float], float], bottom: float, top: float = 0
) -> list[Markup]:
    drawn: list[Markup] = []
    for tick in axis.ticks:
        at = across(tick)
        drawn.append(element("line", x1=at, x2=at, y1=top, y2=bottom, class_="grid"))
        drawn.append(_text(at, bottom + 15, plain(tick), "tick", "middle"))
    drawn.append(_text(WIDTH / 2, bottom + 32, axis.title, "axis", "middle"))
    return drawn


def _labels(labels: Sequence[Label], taken: Sequence[Box]) -> list[Markup]:
    spots = place(labels, Box(_PLOT.left, 0, WIDTH, _PLOT.bottom), taken)
    found = zip(labels, spots, strict=True)
    return [_text(*spot, label.text, "label") for label, spot in found if spot]


def _steps(front: Sequence[tuple[float, float]]) -> str:
    """A staircase through points from left to right: all that lies behind it is beaten."""
    if len(front) < 2:
        return ""
    moves = "".join(f"H{x:.1f}V{y:.1f}" for x, y in front[1:])
    return f"M{front[0][0]:.1f} {front[0][1]:.1f}{moves}"


def _path(points: Sequence[tuple[float, float]]) -> Markup:
    return Markup(" ".join(f"{x:.1f},{y:.1f}" for x, y in points))


def _text(x: float, y: float, text: str, kind: str, anchor: str | None = None) -> Markup:
    return element("text", text, x=float(x), y=float(y), class_=kind, text_anchor=anchor)
