"""A report as one page that needs nothing else: no network, no other file.

Without its script everything is there, one chart after the other; with it, tables sort and one
setting and input is shown at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from edgebert.benchmarking.report import panels, trade_offs
from edgebert.benchmarking.report.accelerated import accelerated
from edgebert.benchmarking.report.facts import known_facts
from edgebert.benchmarking.report.headline import headline
from edgebert.benchmarking.report.lengths import length_costs
from edgebert.benchmarking.report.quantized import Pair, pairs
from edgebert.benchmarking.report.rows import TableRow, distinct, input_words, rows
from edgebert.benchmarking.result import BenchmarkReport, DeviceResult, Facts
from edgebert.benchmarking.validation import validate
from edgebert.formatting import megabytes, plural
from edgebert.page.frame import moment, page
from edgebert.page.markup import Markup, element
from edgebert.page.table import Column, table

_NOTES_SHOWN = 6
_NO_ACCURACY = "Accuracy was not measured: edgebert benchmark --data FILE does."


def to_html(report: BenchmarkReport) -> str:
    """The whole page.

    Raises:
        EdgebertError: the report holds numbers that no device can have measured.
    """
    validate(report)
    devices = (_device(device, number) for number, device in enumerate(report.devices))
    total = sum(len(device.runs) for device in report.devices)
    header = element(
        "header",
        element("h1", "edgebert benchmark"),
        element(
            "p",
            f"{plural(total, 'run')} on {plural(len(report.devices), 'device')}, measured ",
            moment(report.created),
            f" by edgebert {report.edgebert}.",
        ),
        _contents(report.devices),
    )
    return page("edgebert benchmark", header, element("main", *devices))


def _contents(devices: Sequence[DeviceResult]) -> Markup | None:
    if len(devices) < 2:
        return None
    links = (
        element("li", element("a", device.name, href=f"#device-{number}"))
        for number, device in enumerate(devices)
    )
    return element("nav", element("ul", *links), aria_label="Devices")


def _device(device: DeviceResult, number: int) -> Markup:
    every = rows(device)
    settings = distinct(row.setting for row in every)
    inputs = distinct(input_words(row.run.input) for row in every)
    said, measured = headline(device), any(row.accuracy for row in every)
    return element(
        "section",
        element("h2", device.name),
        said and element("p", said, class_="headline"),
        _notes(device, every),
        _facts(device.facts),
        None if measured else element("p", _NO_ACCURACY, class_="missing"),
        table(f"All runs of {device.name}", _RUN_COLUMNS, every),
        _choices(settings, inputs),
        *(
            panel
            for at, setting in enumerate(settings)
            for panel in _panels(device, [r for r in every if r.setting == setting], at, inputs)
        ),
        id=f"device-{number}",
        class_="device",
    )


def _panels(
    device: DeviceResult, shown: Sequence[TableRow], setting: int, inputs: Sequence[str]
) -> Iterable[Markup]:
    """Charts of one setting: those of each input, then the one over all lengths."""
    compared = [pair for pair in pairs(device) if pair.int8.setting == shown[0].setting]
    for at, given in enumerate(inputs):
        of_input = [row for row in shown if input_words(row.run.input) == given]
        if of_input:
            of_pairs = [pair for pair in compared if input_words(pair.int8.run.input) == given]
            title = f"{given}, {shown[0].setting}"
            yield _panel(title, _charts(of_input, of_pairs), setting, at)
    lengths = panels.by_length(length_costs(shown))
    if lengths is not None:
        yield _panel(f"All lengths, {shown[0].setting}", [lengths], setting)


def _charts(shown: Sequence[TableRow], compared: Sequence[Pair]) -> list[Markup | None]:
    return [
        trade_offs.against_accuracy(shown),
        trade_offs.against_size(shown),
        panels.float_against_int8(compared),
        panels.cold_start(shown),
        panels.memory(shown),
    ]


def _panel(
    title: str, charts: Iterable[Markup | None], setting: int, given: int | None = None
) -> Markup:
    return element(
        "section",
        element("h3", title),
        element("div", *charts, class_="charts"),
        class_="panel",
        data_setting=str(setting),
        data_input=None if given is None else str(given),
    )


def _choices(settings: Sequence[str], inputs: Sequence[str]) -> Markup:
    """What the charts show; hidden until the script is there to act on it."""
    chosen = (("input", "Input", inputs), ("setting", "Runs on", settings))
    fields = (
        element(
            "label",
            f"{title} ",
            element(
                "select",
                *(element("option", name, value=str(at)) for at, name in enumerate(names)),
                data_choice=choice,
            ),
        )
        for choice, title, names in chosen
    )
    return element("form", *fields, class_="choices", hidden=True)


def _notes(device: DeviceResult, every: Sequence[TableRow]) -> Markup | None:
    """Everything that makes the figures less than they seem, and where int8 did not help."""
    lines = [*device.facts.notes, *device.notes]
    lines += [pair.sentence for pair in pairs(device) if not pair.helped]
    lines += accelerated(device)
    lines += [f"{row.name}, {row.input}, {row.setting}: {n}." for row in every for n in row.notes]
    if not lines:
        return None
    items = [element("li", line) for line in dict.fromkeys(lines)]
    more = items[_NOTES_SHOWN:] and element(
        "details",
        element("summary", f"{plural(len(items) - _NOTES_SHOWN, 'note')} more"),
        element("ul", *items[_NOTES_SHOWN:]),
    )
    return element(
        "aside",
        element("ul", *items[:_NOTES_SHOWN]),
        more or None,
        class_="notes",
        aria_label="Notes",
    )


def _facts(facts: Facts) -> Markup:
    terms = (
        element("div", element("dt", name), element("dd", value))
        for name, value in known_facts(facts)
    )
    return element("dl", *terms, class_="facts")


_whole = "{:,.0f}".format

_RUN_COLUMNS: tuple[Column[TableRow], ...] = (
    Column("model", lambda row: row.name),
    Column("p50 ms", lambda row: row.p50),
    Column("input", lambda row: row.input),
    Column("p90 ms", lambda row: row.p90),
    Column("p99 ms", lambda row: row.p99),
    Column("file MB", lambda row: row.run.model.bytes, megabytes),
    Column("accuracy", lambda row: row.accuracy.value if row.accuracy else None, "{:.4f}".format),
    Column("metric", lambda row: row.accuracy.metric if row.accuracy else None),
    Column("weights", lambda row: row.run.model.quantization),
    Column("engine", lambda row: row.run.engine),
    Column("on", lambda row: row.run.accelerator),
    Column("threads", lambda row: row.run.threads, _whole),
    Column("cores", lambda row: row.run.cores),
    Column("tokenise ms", partial(TableRow.part, part="tokenize")),
    Column("set ms", partial(TableRow.part, part="set")),
    Column("invoke ms", partial(TableRow.part, part="invoke")),
    Column("finish ms", partial(TableRow.part, part="finish")),
    Column("private MB", partial(TableRow.growth, kind="private"), megabytes),
    Column("mapped MB", partial(TableRow.growth, kind="mapped"), megabytes),
    Column("peak MB", lambda row: row.run.memory.peak.resident, megabytes),
    Column("J/1,000", lambda row: row.joules),
    Column("answers", lambda row: len(row.run.samples_us.total), _whole),
    Column("rounds", lambda row: len(row.run.rounds), _whole),
    Column("throttled rounds", lambda row: row.throttled, _whole),
)
