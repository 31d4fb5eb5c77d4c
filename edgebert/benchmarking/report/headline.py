"""What a device's runs come to, in one sentence."""

from __future__ import annotations

from edgebert.benchmarking.report.quantized import pairs
from edgebert.benchmarking.report.rows import rows
from edgebert.benchmarking.result import DeviceResult
from edgebert.formatting import megabytes, number


def headline(device: DeviceResult) -> str | None:
    """The quickest model on the first of the inputs: its time, its size, and what int8 brought."""
    timed = [row for row in rows(device) if row.p50 is not None]
    if not timed:
        return None
    best = min((row for row in timed if row.input == timed[0].input), key=lambda row: row.p50 or 0)
    said = f"{best.name} answers in {number(best.p50)} ms, {megabytes(best.run.model.bytes)} MB"
    pair = next((pair for pair in pairs(device) if pair.int8.index == best.index), None)
    if pair is not None and pair.helped:
        said += f"; {pair.speedup:.1f} times as quick as float32"
    return f"{said}."
