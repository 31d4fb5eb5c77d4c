"""Runs on an accelerator: how much of the graph it took, and its time beside the processor's."""

from __future__ import annotations

from collections.abc import Iterator

from edgebert.benchmarking.report.rows import input_name
from edgebert.benchmarking.result import DeviceResult, Run, RunRatio


def accelerated(device: DeviceResult) -> list[str]:
    """A line for each run on an accelerator."""
    return [line for at, run in enumerate(device.runs) for line in _lines(device, at, run)]


def _lines(device: DeviceResult, at: int, run: Run) -> Iterator[str]:
    if run.accelerator == "cpu":
        return
    share = "an unknown share" if run.accelerated is None else f"{run.accelerated:.0%}"
    line = (
        f"{run.model.name}, {input_name(run.input)}: the {run.accelerator} ran {share} of the graph"
    )
    found = next((each for each in device.ratios if _beside_cpu(device, at, each)), None)
    if found is not None:
        this = found.run == at
        low, ratio, high = sorted(
            each if this else 1 / each for each in (found.low, found.ratio, found.high)
        )
        line += f", in {ratio:.2f} times the time of the cpu ({low:.2f} to {high:.2f})"
    yield line


def _beside_cpu(device: DeviceResult, at: int, ratio: RunRatio) -> bool:
    """Whether a ratio is of a run and the same file on the processor."""
    if at not in (ratio.run, ratio.against):
        return False
    (other,) = {ratio.run, ratio.against} - {at}
    run, cpu = device.runs[at], device.runs[other]
    return (cpu.accelerator, cpu.model.sha256, cpu.input) == ("cpu", run.model.sha256, run.input)
