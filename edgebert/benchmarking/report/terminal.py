"""A report as tables for a terminal of 100 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from edgebert.benchmarking.report.accelerated import accelerated
from edgebert.benchmarking.report.facts import known_facts
from edgebert.benchmarking.report.quantized import Pair, pairs
from edgebert.benchmarking.report.rows import TableRow, distinct, rows
from edgebert.benchmarking.result import BenchmarkReport, DeviceResult
from edgebert.benchmarking.validation import validate
from edgebert.formatting import UNKNOWN, clean, megabytes, number

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

_HEADINGS = (
    "p50\nms", "p90\nms", "p99\nms", "tokenise\nms", "invoke\nms", "file\nMB", "private\nMB",
    "mapped\nMB", "accuracy",
)  # fmt: skip
_ENERGY_HEADING = "J a 1,000\nanswers"
_PAIR_HEADINGS = (
    "int8\nms", "float32\nms", "times as quick\n(95 % interval)", "int8\nMB", "float32\nMB",
    "int8\naccuracy", "float32\naccuracy",
)  # fmt: skip
_CACHE_HEADINGS = (
    "first answer\nms", "CompiledModel\nms", "with cache\nms", "private\nMB", "CompiledModel\nMB",
    "with cache\nMB",
)  # fmt: skip
_THROTTLED = "!"
_FOOTNOTE = (
    "p50, p90, p99: of the whole answer; tokenise, invoke: medians. private, mapped: memory that "
    "the model added until its first answer. first answer: from opening the file on; "
    "CompiledModel: by LiteRT's other API; with cache: by that and XNNPACK's weight cache, which "
    "an earlier process has filled."
)


def print_report(report: BenchmarkReport, console: Console) -> None:
    """Prints every device: its facts, notes, runs, and int8 beside float32.

    Raises:
        EdgebertError: the report holds numbers that no device can have measured.
    """
    validate(report)
    for device in report.devices:
        for part in _device(device):
            console.print(part)
        console.print()
    console.print(_FOOTNOTE, style="dim")


def _device(device: DeviceResult) -> Iterator[RenderableType]:
    from rich.text import Text

    every = rows(device)
    compared = pairs(device)
    yield Text(clean(device.name), style="bold")
    facts = (f"{name} {value}" for name, value in known_facts(device.facts))
    yield Text(clean("; ".join(facts), limit=1000), style="dim")
    for note in (*device.facts.notes, *device.notes):
        yield Text(f"note: {clean(note)}", style="yellow")
    for setting in distinct(row.setting for row in every):
        yield Text(f"\n{clean(setting)}")
        yield _run_table([row for row in every if row.setting == setting])
        cached = [row for row in every if row.setting == setting and row.run.memory.cached]
        if cached:
            yield Text()
            yield _cache_table(cached)
        of_setting = [pair for pair in compared if pair.int8.setting == setting]
        if of_setting:
            yield Text()
            yield _pair_table(of_setting)
    for line in accelerated(device):
        yield Text(clean(line))
    for line in _remarks(every, compared):
        yield Text(clean(line), style="yellow")


def _remarks(every: Sequence[TableRow], compared: Sequence[Pair]) -> Iterator[str]:
    """What to know about single runs, and where int8 did not help."""
    for row in every:
        mark = f"{_THROTTLED} " if row.throttled else ""
        for note in row.notes:
            yield f"{mark}{row.name}, {row.input}: {note}"
    for pair in compared:
        if not pair.helped:
            yield pair.sentence


def _run_table(shown: Sequence[TableRow]) -> Table:
    has_energy = any(row.joules is not None for row in shown)
    table = _table((*_HEADINGS, _ENERGY_HEADING) if has_energy else _HEADINGS)
    for row in shown:
        model, accuracy = row.run.model, row.accuracy
        table.add_row(
            _name(row.name),
            _name(row.input),
            f"{number(row.p50)}{_THROTTLED if row.throttled else ''}",
            number(row.p90),
            number(row.p99),
            number(row.part("tokenize"), 2),
            number(row.part("invoke")),
            megabytes(model.bytes),
            megabytes(row.growth("private")),
            megabytes(row.growth("mapped")),
            f"{accuracy.value:.4f}" if accuracy else UNKNOWN,
            *([number(row.joules)] if has_energy else []),
        )
    return table


def _cache_table(shown: Sequence[TableRow]) -> Table:
    """What the weight cache gains."""
    table = _table(_CACHE_HEADINGS)
    for row in shown:
        compiled = row.run.memory.compiled
        table.add_row(
            _name(row.name),
            _name(row.input),
            number(row.first_answer),
            number(row.run.cold.load_compiled_ms),
            number(row.run.cold.load_cached_ms),
            megabytes(row.growth("private")),
            megabytes(row.growth("private", compiled) if compiled else None),
            megabytes(row.growth("private", row.run.memory.cached)),
        )
    return table


def _pair_table(shown: Sequence[Pair]) -> Table:
    table = _table(_PAIR_HEADINGS)
    for pair in shown:
        accuracies = (pair.int8.accuracy, pair.float32.accuracy)
        table.add_row(
            _name(pair.int8.name),
            _name(pair.int8.input),
            number(pair.int8.p50),
            number(pair.float32.p50),
            f"{pair.speedup:.2f} ({pair.low:.2f} to {pair.high:.2f})",
            megabytes(pair.int8.run.model.bytes),
            megabytes(pair.float32.run.model.bytes),
            *(f"{each.value:.4f}" if each else UNKNOWN for each in accuracies),
        )
    return table


def _table(headings: Sequence[str]) -> Table:
    """Model and input to the left, figures to the right."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("model", overflow="fold", vertical="bottom")
    table.add_column("input", overflow="fold", vertical="bottom", max_width=12)
    for heading in headings:
        table.add_column(Text(heading), justify="right", no_wrap=True, vertical="bottom")
    return table


def _name(text: str) -> Text:
    """A name from the report, in which brackets are no markup."""
    from rich.text import Text

    return Text(clean(text))
