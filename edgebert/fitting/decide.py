"""Which of the trained files ships: measured on the device, and chosen as `edgebert pick` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edgebert import api
from edgebert.benchmarking.pick import Choice, Limits, pick
from edgebert.benchmarking.report.html import to_html
from edgebert.benchmarking.result import Accuracy, BenchmarkReport
from edgebert.errors import EdgebertError
from edgebert.files import replacing
from edgebert.fitting.search import Measured
from edgebert.progress import Progress


def measure(
    trained: Sequence[Measured], texts: Path, device: str, folder: Path, progress: Progress
) -> BenchmarkReport:
    """Times of all files on the device, beside their figures on dev; written as JSON and as a page.

    Raises:
        EdgebertError: the device cannot be measured on.
    """
    files = [each.file for each in trained]
    outcome = api.benchmark(files, device, texts=texts, progress=progress)
    if outcome.report is None:
        raise EdgebertError("; ".join(outcome.failures))
    report = _with_accuracy(outcome.report, trained)
    for name, text in (("report.json", report.to_json() + "\n"), ("report.html", to_html(report))):
        with replacing(folder / name, force=True) as part:
            part.write_text(text, encoding="utf-8")
    return report


def decide(report: BenchmarkReport, limits: Limits) -> Choice:
    """The smallest of those that are as right as the best, within the limits."""
    return pick(report, limits)


def _with_accuracy(report: BenchmarkReport, trained: Sequence[Measured]) -> BenchmarkReport:
    """Figures on dev were measured here: they do not depend on the device."""
    figures = {
        each.file.stem: Accuracy(each.metric, each.value, each.rows, each.low) for each in trained
    }
    devices = (
        replace(
            device,
            runs=tuple(replace(run, accuracy=figures.get(run.model.name)) for run in device.runs),
        )
        for device in report.devices
    )
    return replace(report, devices=tuple(devices))
