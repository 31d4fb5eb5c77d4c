"""Charts of a device's runs, each with the table of what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from edgebert.benchmark.report.axis import Axis
from edgebert.benchmark.report.charts import (
    Bar,
    Line,
    Point,
    Span,
    bars,
    legend,
    lines,
    scatter,
    spans,
)
from edgebert.benchmark.report.lengths import LengthCosts
from edgebert.benchmark.report.markup import Markup, element
from edgebert.benchmark.report.pareto import front
from edgebert.benchmark.report.quantized import Pair
from edgebert.benchmark.report.rows import Row
from edgebert.benchmark.report.table import Column, table
from edgebert.benchmark.report.text import megabytes, number

_SERIES = ("int8", "float32")
_COLD_PARTS = ("import", "load", "first answer")
_MOST_NAMED_LINES = 12
_CACHED = "with the weight cache"
_MEMORY_PARTS = (
    "before the load",
    "private, added",
    "shared, added",
    "file-mapped, added",
)

_fixed = "{:.4f}".format


def against_accuracy(shown: Sequence[Row]) -> Markup | None:
    """Latency across, accuracy up, area the size of the file; None where no accuracy is known."""
    known = [
        (row, row.p50, row.accuracy.value)
        for row in shown
        if row.p50 is not None and row.accuracy is not None
    ]
    if not known:
        return None
    best = set(front([(ms, -value) for _, ms, value in known]))
    metric = distinct_metric(shown)
    points = [
        Point(
            x=ms,
            y=value,
            name=row.name,
            series=series(row),
            title=f"{row.name}: {number(ms)} ms, {metric} {value:.4f}, {_size(row)}",
            size=row.run.model.bytes,
            front=index in best,
        )
        for index, (row, ms, value) in enumerate(known)
    ]
    chart = scatter(
        f"Latency against {metric}",
        points,
        Axis.over("milliseconds an answer (p50)", [point.x for point in points]),
        Axis.over(metric, [point.y for point in points]),
    )
    columns = [
        *_trade_columns(),
        Column[tuple[Row, bool]](metric, lambda item: _accuracy(item[0]), _fixed),
        _FRONT,
    ]
    items = [(row, index in best) for index, (row, _, _) in enumerate(known)]
    return _figure(
        f"Latency against {metric}",
        "Left and up is better; the larger a mark, the larger the file. The line is the Pareto "
        "front: nothing is both quicker and more accurate.",
        _series_legend(shown),
        chart,
        table(f"Latency and {metric}", columns, items),
    )


def against_size(shown: Sequence[Row]) -> Markup | None:
    """Size of the file across, latency up."""
    known = [(row, row.p50) for row in shown if row.p50 is not None]
    if not known:
        return None
    best = set(front([(row.run.model.bytes, ms) for row, ms in known]))
    points = [
        Point(
            x=row.run.model.bytes / 1e6,
            y=ms,
            name=row.name,
            series=series(row),
            title=f"{row.name}: {_size(row)}, {number(ms)} ms",
            front=index in best,
        )
        for index, (row, ms) in enumerate(known)
    ]
    chart = scatter(
        "Size against latency",
        points,
        Axis.over("MB of the file", [point.x for point in points]),
        Axis.over("milliseconds an answer (p50)", [point.y for point in points]),
    )
    items = [(row, index in best) for index, (row, _) in enumerate(known)]
    return _figure(
        "Size against latency",
        "Left and down is better. The line is the Pareto front: nothing is both smaller and "
        "quicker.",
        _series_legend(shown),
        chart,
        table("Size and latency", [*_trade_columns(), _FRONT], items),
    )


def cold_start(shown: Sequence[Row]) -> Markup | None:
    """Milliseconds of a fresh process until its first answer, in parts."""
    drawn: list[Bar] = []
    for row in shown:
        cold = row.run.cold
        plain = (cold.import_ms, cold.load_ms, cold.first_ms)
        if any(plain):
            drawn.append(Bar(row.name, _parts(_COLD_PARTS, plain)))
        if cold.load_cached_ms is not None:
            cached = (cold.import_ms, cold.load_cached_ms)
            drawn.append(Bar(f"{row.name}, {_CACHED}", _parts(_COLD_PARTS, cached)))
    if not drawn:
        return None
    columns = [
        Column[Row]("model", lambda row: row.name),
        Column[Row]("import ms", lambda row: row.run.cold.import_ms),
        Column[Row]("load ms", lambda row: row.run.cold.load_ms),
        Column[Row]("first answer ms", lambda row: row.run.cold.first_ms),
        Column[Row]("load with cache ms", lambda row: row.run.cold.load_cached_ms),
    ]
    return _figure(
        "Cold start",
        "Until the first answer of a fresh process: importing engine and runtime, loading the "
        "file, the first answer. With XNNPACK's weight cache the load packs the weights too.",
        legend([(f"k{index}", name) for index, name in enumerate(_COLD_PARTS)]),
        bars("Cold start in milliseconds", drawn, "ms"),
        table("Cold start", columns, shown),
    )


def memory(shown: Sequence[Row]) -> Markup | None:
    """Resident memory after the first answer, in parts."""
    drawn: list[Bar] = []
    for row in shown:
        states = [(row.name, row.run.memory.first)]
        if row.run.memory.cached:
            states.append((f"{row.name}, {_CACHED}", row.run.memory.cached))
        for name, state in states:
            added = [row.growth(kind, state) for kind in ("private", "shared", "mapped")]
            if any(part is not None for part in added):
                mega = [part and part / 1e6 for part in (row.run.memory.baseline.resident, *added)]
                drawn.append(Bar(name, _parts(_MEMORY_PARTS, mega)))
    if not drawn:
        return None
    columns = [
        Column[Row]("model", lambda row: row.name),
        Column[Row]("before MB", lambda row: row.run.memory.baseline.resident, megabytes),
        Column[Row]("private added MB", partial(Row.growth, kind="private"), megabytes),
        Column[Row]("shared added MB", partial(Row.growth, kind="shared"), megabytes),
        Column[Row]("mapped added MB", partial(Row.growth, kind="mapped"), megabytes),
        Column[Row]("of it model file MB", lambda row: row.run.memory.model_file, megabytes),
        Column[Row]("peak MB", lambda row: row.run.memory.peak.resident, megabytes),
        Column[Row]("private added, cache MB", _cached_private, megabytes),
    ]
    return _figure(
        "Memory after the first answer",
        "What the process held before the load, and what the model added. File-mapped pages the "
        "system can take back; private ones it cannot.",
        legend([(f"k{index}", name) for index, name in enumerate(_MEMORY_PARTS)]),
        bars("Memory in megabytes", drawn, "MB"),
        table("Memory", columns, shown),
    )


def float_against_int8(shown: Sequence[Pair]) -> Markup | None:
    """How many times as quick int8 is, with intervals."""
    if not shown:
        return None
    drawn = [
        Span(pair.int8.name, "int8", pair.speedup, pair.low, pair.high, pair.sentence)
        for pair in shown
    ]
    reach = [edge for pair in shown for edge in (pair.low, pair.high)]
    columns = [
        Column[Pair]("model", lambda pair: pair.int8.name),
        Column[Pair]("int8 ms", lambda pair: pair.int8.p50),
        Column[Pair]("float32 ms", lambda pair: pair.float32.p50),
        Column[Pair]("times as quick", lambda pair: pair.speedup, "{:.2f}".format),
        Column[Pair]("from", lambda pair: pair.low, "{:.2f}".format),
        Column[Pair]("to", lambda pair: pair.high, "{:.2f}".format),
        Column[Pair]("int8 MB", lambda pair: pair.int8.run.model.bytes, megabytes),
        Column[Pair]("float32 MB", lambda pair: pair.float32.run.model.bytes, megabytes),
        Column[Pair]("int8 accuracy", lambda pair: _accuracy(pair.int8), _fixed),
        Column[Pair]("float32 accuracy", lambda pair: _accuracy(pair.float32), _fixed),
    ]
    return _figure(
        "float32 against int8",
        "How many times as quick int8 is, with the 95 % interval; left of the line at 1 it did "
        "not help.",
        None,
        spans(
            "Times as quick as float32",
            drawn,
            Axis.over("times as quick as float32", [1.0, *reach]),
            mark=1.0,
        ),
        table("float32 against int8", columns, shown),
    )


def by_length(costs: Sequence[LengthCosts]) -> Markup | None:
    """Latency over the length of the text, and what a token costs."""
    if not costs:
        return None
    shapes = list(dict.fromkeys(cost.shape for cost in costs))
    drawn = [
        Line(
            name=cost.row.name,
            series=series(cost.row),
            colour=shapes.index(cost.shape),
            points=cost.points,
            titles=tuple(
                f"{cost.row.name}: {tokens} tokens {number(ms)} ms" for tokens, ms in cost.points
            ),
        )
        for cost in costs
    ]
    lengths = sorted({tokens for cost in costs for tokens, _ in cost.points})
    columns = [
        Column[LengthCosts]("model", lambda cost: cost.row.name),
        *(
            Column[LengthCosts](f"{tokens} tokens ms", partial(LengthCosts.at, tokens=tokens))
            for tokens in lengths
        ),
        Column[LengthCosts]("µs a token more", lambda cost: cost.token_us),
    ]
    return _figure(
        "Latency by length",
        "Dashed lines are float32. What a token more costs is the slope of the straight line "
        "through the points.",
        legend([(f"stroke {line.kind}", line.name) for line in drawn[:_MOST_NAMED_LINES]]),
        lines(
            "Latency by length",
            drawn,
            Axis.over("tokens", lengths, from_zero=True),
            Axis.over(
                "milliseconds an answer (p50)", [ms for cost in costs for _, ms in cost.points]
            ),
        ),
        table("Latency by length", columns, costs),
        wide=True,
    )


def series(row: Row) -> str:
    """Class of a run's marks in the style sheet."""
    kind = row.run.model.quantization
    return kind if kind in _SERIES else "other"


def distinct_metric(shown: Sequence[Row]) -> str:
    """The name of the metric; several are joined."""
    names = dict.fromkeys(row.accuracy.metric for row in shown if row.accuracy)
    return ", ".join(names) or "accuracy"


_FRONT = Column[tuple[Row, bool]]("on the front", lambda item: "yes" if item[1] else "no")


def _trade_columns() -> list[Column[tuple[Row, bool]]]:
    return [
        Column("model", lambda item: item[0].name),
        Column("p50 ms", lambda item: item[0].p50),
        Column("file MB", lambda item: item[0].run.model.bytes, megabytes),
    ]


def _accuracy(row: Row) -> float | None:
    return row.accuracy.value if row.accuracy else None


def _cached_private(row: Row) -> float | None:
    return row.growth("private", row.run.memory.cached) if row.run.memory.cached else None


def _size(row: Row) -> str:
    return f"{megabytes(row.run.model.bytes)} MB"


def _parts(names: Sequence[str], values: Sequence[float | None]) -> tuple[tuple[str, float], ...]:
    """Parts that are there; what shrank is nothing, as a bar has no negative length."""
    return tuple((name, max(0.0, value or 0.0)) for name, value in zip(names, values, strict=False))


def _figure(
    title: str,
    text: str,
    colours: Markup | None,
    chart: Markup,
    figures: Markup,
    *,
    wide: bool = False,
) -> Markup:
    """A chart with its explanation, and the same figures as a table; `wide` shows both."""
    return element(
        "figure",
        element("figcaption", element("strong", title), " ", text),
        colours,
        chart,
        element("details", element("summary", "As a table"), figures, open=wide),
        class_="wide" if wide else None,
    )


def _series_legend(shown: Sequence[Row]) -> Markup:
    present = set(map(series, shown))
    return legend([(kind, kind) for kind in (*_SERIES, "other") if kind in present])
