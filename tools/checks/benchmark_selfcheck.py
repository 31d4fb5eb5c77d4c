"""Holds the benchmark against itself (`make benchmark-selfcheck`).

The same model twice must give a ratio of 1 within a narrow interval, for real texts and for a
fixed length. A report of an unchanged model must never be called slower than the one before, and
one of a model that is held up by 5 % always; this on real texts. Ten minutes, and up to forty where
neighbours of a virtual machine disturb it; wants a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import edgebert
from edgebert.benchmarking.compare import compare
from edgebert.benchmarking.job import BenchmarkJob
from edgebert.benchmarking.measure import measure
from edgebert.benchmarking.models import job_model
from edgebert.benchmarking.result import BenchmarkReport
from edgebert.checkpoints.sources import MINILM

NARROW = 0.03


@dataclass(frozen=True)
class Instruments:
    """A job with one model."""

    job: BenchmarkJob

    def run(self, delay: float = 0.0, times: int = 1) -> BenchmarkReport:
        """A report of the model, held up by a share, and so many times beside itself."""
        worker = (sys.executable, "-m", "tools.checks.altered_worker", str(delay))
        lengths = self.job.lengths if times > 1 else ()
        job = replace(self.job, models=self.job.models * times, lengths=lengths)
        return BenchmarkReport(
            created="", edgebert=edgebert.__version__, devices=(measure(job, worker=worker),)
        )


def same_twice(bench: Instruments) -> bool:
    """Whether a model's ratio to itself is 1 for each input."""
    good = True
    for ratio in bench.run(times=2).devices[0].ratios:
        is_one = ratio.low <= 1 <= ratio.high and ratio.high - ratio.low < NARROW
        print(
            f"  {ratio.ratio:.4f} ({ratio.low:.4f} to {ratio.high:.4f}){'' if is_one else ' BAD'}"
        )
        good &= is_one
    return good


def slower(old: BenchmarkReport, new: BenchmarkReport) -> bool:
    """Whether any input became slower; prints what is said of each."""
    latencies = [c for c in compare(old, new).changes if c.what == "latency"]
    for change in latencies:
        print(f"  {change.sentence}", flush=True)
    return any(change.verdict == "worse" for change in latencies)


def count_slower(bench: Instruments, unchanged: int, delayed: int, delay: float) -> tuple[int, int]:
    """How many of so many runs are called slower than the one before each.

    Returns:
        Of the unchanged model, and of the one that is held up.
    """
    false_alarms = found = 0
    before = bench.run()
    for number in range(1, max(unchanged, delayed) + 1):
        if number <= delayed:
            print(f"{number}, held up by {delay:.0%}:")
            found += slower(before, bench.run(delay))
        if number <= unchanged:
            print(f"{number}, unchanged:")
            after = bench.run()
            false_alarms += slower(before, after)
            before = after
    return false_alarms, found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", type=Path, help="default: MiniLM, converted here")
    parser.add_argument("--unchanged", type=int, default=20)
    parser.add_argument("--delayed", type=int, default=10)
    parser.add_argument("--delay", type=float, default=0.05)
    parser.add_argument("--min-seconds", type=float, default=3.0)
    arguments = parser.parse_args()
    if hasattr(os, "getloadavg"):
        print(f"load {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.model or Path(folder) / "minilm.tflite"
        if arguments.model is None:
            edgebert.convert(MINILM, path)
        job = BenchmarkJob((job_model(path),), lengths=(32,), min_seconds=arguments.min_seconds)
        bench = Instruments(job)
        print("the same twice:")
        good = same_twice(bench)
        false_alarms, found = count_slower(
            bench, arguments.unchanged, arguments.delayed, arguments.delay
        )
    print(f"false alarms: {false_alarms} of {arguments.unchanged}")
    print(f"delays found: {found} of {arguments.delayed}")
    good &= false_alarms == 0 and found == arguments.delayed
    print("as it must be" if good else "NOT as it must be")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
