"""Charts of how runs spend their time and memory, each with the table of what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from edgebert.benchmarking.report.lengths import LengthCosts
from edgebert.benchmarking.report.quantized import Pair
from edgebert.benchmarking.report.rows import TableRow
from edgebert.benchmarking.report.series import accuracy, series
from edgebert.formatting import fixed, megabytes, number
from edgebert.page.axis import Axis
from edgebert.page.charts import Bar, ErrorBar, Line, bars, error_bars, legend, lines
from edgebert.page.figure import figure
from edgebert.page.markup import Markup
from edgebert.page.table import Column, table

_COLD_PARTS = ("import", "load", "first answer")
_MOST_NAMED_LINES = 12
_CACHED = "cached"
_MEMORY_PARTS = (
    "before the load",
    "private, added",
    "shared, added",
    "file-mapped, added",
)


def cold_start(shown: Sequence[TableRow]) -> Markup | None:
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
        Column[TableRow]("model", lambda row: row.name),
        Column[TableRow]("import ms", lambda row: row.run.cold.import_ms),
        Column[TableRow]("load ms", lambda row: row.run.cold.load_ms),
        Column[TableRow]("first answer ms", lambda row: row.run.cold.first_ms),
        Column[TableRow]("load with cache ms", lambda row: row.run.cold.load_cached_ms),
    ]
    return figure(
        "Cold start",
        "Until the first answer of a fresh process: importing engine and runtime, loading the "
        "file, the first answer. Cached: with XNNPACK's weight cache; its load packs the weights.",
        legend([(f"k{index}", name) for index, name in enumerate(_COLD_PARTS)]),
        bars("Cold start in milliseconds", drawn, "ms"),
        table("Cold start", columns, shown),
    )


def memory(shown: Sequence[TableRow]) -> Markup | None:
    """Resident memory after the first answer, in parts."""
    drawn: list[Bar] = []
    for row in shown:
        states = [(row.name, row.run.memory.first)]
        if row.run.memory.cached:
            states.append((f"{row.name}, {_CACHED}", row.run.memory.cached))
        for name, state in states:
            added = [row.growth(kind, state) for kind in ("private", "shared", "mapped")]
            if any(part is not None for part in added):
                mega = [part and part / 1e6 for part in (row.before(state).resident, *added)]
                drawn.append(Bar(name, _parts(_MEMORY_PARTS, mega)))
    if not drawn:
        return None
    columns = [
        Column[TableRow]("model", lambda row: row.name),
        Column[TableRow]("before MB", lambda row: row.run.memory.baseline.resident, megabytes),
        Column[TableRow]("private added MB", partial(TableRow.growth, kind="private"), megabytes),
        Column[TableRow]("shared added MB", partial(TableRow.growth, kind="shared"), megabytes),
        Column[TableRow]("mapped added MB", partial(TableRow.growth, kind="mapped"), megabytes),
        Column[TableRow]("of it model file MB", lambda row: row.run.memory.model_file, megabytes),
        Column[TableRow]("peak MB", lambda row: row.run.memory.peak.resident, megabytes),
        Column[TableRow]("private added, cache MB", _cached_private, megabytes),
    ]
    return figure(
        "Memory after the first answer",
        "What the process held before the load, and what the model added. File-mapped pages the "
        "system can take back; private ones it cannot. Cached: with XNNPACK's weight cache.",
        legend([(f"k{index}", name) for index, name in enumerate(_MEMORY_PARTS)]),
        bars("Memory in megabytes", drawn, "MB"),
        table("Memory", columns, shown),
    )


def float_against_int8(shown: Sequence[Pair]) -> Markup | None:
    """How many times as quick int8 is, with intervals."""
    if not shown:
        return None
    drawn = [
        ErrorBar(pair.int8.name, "int8", pair.speedup, pair.low, pair.high, pair.sentence)
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
        Column[Pair]("int8 accuracy", lambda pair: accuracy(pair.int8), fixed),
        Column[Pair]("float32 accuracy", lambda pair: accuracy(pair.float32), fixed),
    ]
    return figure(
        "float32 against int8",
        "How many times as quick int8 is, with the 95 % interval; left of the line at 1 it did "
        "not help.",
        None,
        error_bars(
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
    return figure(
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


def _cached_private(row: TableRow) -> float | None:
    return row.growth("private", row.run.memory.cached) if row.run.memory.cached else None


def _parts(names: Sequence[str], values: Sequence[float | None]) -> tuple[tuple[str, float], ...]:
    """Parts that are there; what shrank is nothing, as a bar has no negative length."""
    return tuple((name, max(0.0, value or 0.0)) for name, value in zip(names, values, strict=False))
