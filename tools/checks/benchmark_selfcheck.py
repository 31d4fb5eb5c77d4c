"""Holds the benchmark against itself (`make benchmark-selfcheck`).

A file interleaved with a copy of itself must have a ratio of 1 within a narrow interval, for
real texts and for a fixed length. `--compare` with an older file must never call an unchanged copy
slower, and one that is held up by 5 % always; this on real texts.

With --reports the same is asked of reports taken one after the other, which only a machine at rest
can pass: what the reference kernel does not feel, as neighbours in the outer caches, differs from
one minute to the next.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import edgebert
from edgebert.benchmarking.changes import Change, ReportComparison
from edgebert.benchmarking.compare import compare, compare_with_baseline
from edgebert.benchmarking.job import BenchmarkJob, JobModel
from edgebert.benchmarking.measure import measure
from edgebert.benchmarking.models import job_model
from edgebert.benchmarking.result import BenchmarkReport
from edgebert.checkpoints.sources import MINILM
from tools.checks.altered_worker import HELD_UP

NARROW = 0.03
OLD, COPY, DELAYED = "old", "copy", "held up"


@dataclass(frozen=True)
class Instruments:
    """Copies of a model by name, one of which is held up by a share."""

    models: dict[str, JobModel]
    delay: float
    min_seconds: float

    def measure(self, *names: str, lengths: Sequence[int] = ()) -> BenchmarkReport:
        """A report of these, interleaved."""
        worker = (sys.executable, "-m", "tools.checks.altered_worker", str(self.delay))
        models = tuple(self.models[name] for name in names)
        job = BenchmarkJob(models, lengths=tuple(lengths), min_seconds=self.min_seconds)
        device = measure(job, worker=worker)
        return BenchmarkReport(created="", edgebert=edgebert.__version__, devices=(device,))

    def measure_as(self, name: str, other: str) -> BenchmarkReport:
        """A report of one that calls it by the name of another."""
        model = replace(self.models[name], name=other)
        return replace(self, models={name: model}).measure(name)


def is_one(bench: Instruments) -> bool:
    """Whether a file's ratio to its copy is 1 for each input."""
    good = True
    longer = replace(bench, min_seconds=3 * bench.min_seconds)
    for ratio in longer.measure(OLD, COPY, lengths=(32,)).devices[0].ratios:
        right = ratio.low <= 1 <= ratio.high and ratio.high - ratio.low < NARROW
        print(f"  {ratio.ratio:.4f} ({ratio.low:.4f} to {ratio.high:.4f}){'' if right else ' BAD'}")
        good &= right
    return good


def slower(comparison: ReportComparison) -> list[Change]:
    """The latencies that became worse; prints what is said of each."""
    latencies = [change for change in comparison.changes if change.what == "latency"]
    for change in latencies:
        print(f"  {change.sentence}", flush=True)
    return [change for change in latencies if change.verdict == "worse"]


def interleaved(bench: Instruments) -> tuple[bool, bool]:
    """Whether an unchanged copy is called slower than the old file, and one that is held up."""
    found = slower(compare_with_baseline(bench.measure(OLD, COPY, DELAYED), OLD))
    copy, delayed = (any(each.run.startswith(name) for each in found) for name in (COPY, DELAYED))
    return copy, delayed


def one_after_the_other(bench: Instruments, before: BenchmarkReport) -> tuple[bool, bool]:
    """The same of reports of each, against one that was taken before."""
    reports = (bench.measure_as(name, OLD) for name in (COPY, DELAYED))
    copy, delayed = (bool(slower(compare(before, report))) for report in reports)
    return copy, delayed


def copies(model: Path | None, folder: Path) -> dict[str, JobModel]:
    """The files that are measured, by their names in reports."""
    paths = {OLD: folder / "old.tflite", COPY: folder / "copy.tflite", DELAYED: folder / HELD_UP}
    if model is None:
        edgebert.convert(MINILM, paths[OLD])
    else:
        shutil.copyfile(model, paths[OLD])
    for name in (COPY, DELAYED):
        shutil.copyfile(paths[OLD], paths[name])
    return {name: job_model(path, name) for name, path in paths.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", type=Path, help="default: MiniLM, converted here")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--delay", type=float, default=0.05)
    parser.add_argument("--min-seconds", type=float, default=1.0)
    parser.add_argument("--reports", action="store_true", help="of reports, on a machine at rest")
    arguments = parser.parse_args()
    if hasattr(os, "getloadavg"):
        print(f"load {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        models = copies(arguments.model, Path(folder))
        bench = Instruments(models, arguments.delay, arguments.min_seconds)
        print("against its copy:")
        good = is_one(bench)
        before = bench.measure(OLD) if arguments.reports else None
        outcomes = []
        for number in range(1, arguments.runs + 1):
            print(f"{number}:", flush=True)
            outcomes.append(one_after_the_other(bench, before) if before else interleaved(bench))
    false_alarms, found = (sum(each) for each in zip(*outcomes, strict=True))
    print(f"false alarms: {false_alarms} of {arguments.runs}")
    print(f"delays of {arguments.delay:.0%} found: {found} of {arguments.runs}")
    good &= false_alarms == 0 and found == arguments.runs
    print("as it must be" if good else "NOT as it must be")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
