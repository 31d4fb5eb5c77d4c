"""A report as CSV: one row a run, the unit in each heading."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import TypeAlias

from edgebert.benchmarking.report.rows import TableRow, rows
from edgebert.benchmarking.result import BenchmarkReport
from edgebert.benchmarking.validation import validate
from edgebert.formatting import clean

Value: TypeAlias = str | float | None

_FORMULA = ("=", "+", "-", "@")

COLUMNS: tuple[tuple[str, Callable[[TableRow], Value]], ...] = (
    ("device", lambda row: row.device.name),
    ("board", lambda row: row.device.facts.board),
    ("cpu", lambda row: row.device.facts.cpu),
    ("governor", lambda row: row.device.facts.governor),
    ("model", lambda row: row.name),
    ("sha256", lambda row: row.run.model.sha256),
    ("task", lambda row: row.run.model.task),
    ("quantization", lambda row: row.run.model.quantization),
    ("layers", lambda row: row.run.model.layers),
    ("hidden_size", lambda row: row.run.model.hidden_size),
    ("file_bytes", lambda row: row.run.model.bytes),
    ("engine", lambda row: row.run.engine),
    ("engine_version", lambda row: row.run.engine_version),
    ("accelerator", lambda row: row.run.accelerator),
    ("accelerated", lambda row: row.run.accelerated),
    ("threads", lambda row: row.run.threads),
    ("cores", lambda row: row.run.cores),
    ("input", lambda row: row.input),
    ("tokens", lambda row: row.run.input.tokens),
    ("answers", lambda row: len(row.run.samples_us.total)),
    ("rounds", lambda row: len(row.run.rounds)),
    ("throttled_rounds", lambda row: row.throttled),
    ("p50_ms", lambda row: row.p50),
    ("p90_ms", lambda row: row.p90),
    ("p99_ms", lambda row: row.p99),
    ("mean_ms", lambda row: row.run.stats.mean / 1000 if row.run.stats else None),
    ("deviation_ms", lambda row: row.run.stats.deviation / 1000 if row.run.stats else None),
    ("tokenize_p50_ms", lambda row: row.part("tokenize")),
    ("set_p50_ms", lambda row: row.part("set")),
    ("invoke_p50_ms", lambda row: row.part("invoke")),
    ("finish_p50_ms", lambda row: row.part("finish")),
    ("import_ms", lambda row: row.run.cold.import_ms),
    ("load_ms", lambda row: row.run.cold.load_ms),
    ("load_compiled_ms", lambda row: row.run.cold.load_compiled_ms),
    ("load_cached_ms", lambda row: row.run.cold.load_cached_ms),
    ("first_answer_ms", lambda row: row.run.cold.first_ms),
    ("baseline_bytes", lambda row: row.run.memory.baseline.resident),
    ("private_added_bytes", lambda row: row.growth("private")),
    ("shared_added_bytes", lambda row: row.growth("shared")),
    ("mapped_added_bytes", lambda row: row.growth("mapped")),
    ("model_file_resident_bytes", lambda row: row.run.memory.model_file),
    ("peak_bytes", lambda row: row.run.memory.peak.resident),
    ("metric", lambda row: row.accuracy.metric if row.accuracy else None),
    ("accuracy", lambda row: row.accuracy.value if row.accuracy else None),
    ("accuracy_rows", lambda row: row.accuracy.rows if row.accuracy else None),
    ("joules_per_1000", lambda row: row.joules),
    ("notes", lambda row: "; ".join(row.notes)),
)
"""Heading and value of each column."""


def to_csv(report: BenchmarkReport) -> str:
    """The whole file, RFC 4180; what is not known is empty.

    Raises:
        EdgebertError: the report holds numbers that no device can have measured.
    """
    validate(report)
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow([heading for heading, _ in COLUMNS])
    for device in report.devices:
        for row in rows(device):
            writer.writerow([_cell(value(row)) for _, value in COLUMNS])
    return written.getvalue()


def _cell(value: Value) -> Value:
    """Numbers as they are; text so that no spreadsheet takes it for a formula."""
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 1e6 else repr(value)
    if not isinstance(value, str):
        return value
    shown = clean(value, limit=2000)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown
