"""Holds the benchmark against itself (`make benchmark-selfcheck`).

The same model twice must give a ratio of 1 within a narrow interval. A report of an unchanged
model must never be called slower than the one before, and one of a model that is held up by 5 %
always. That needs a quiet machine; on a busy one `--cpu-time` still tells whether the method holds.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import edgebert
from edgebert.benchmark.compare import compare
from edgebert.benchmark.job import Job, run_job
from edgebert.benchmark.models import job_model
from edgebert.benchmark.result import Report
from edgebert.checkpoints.sources import MINILM

NARROW = 0.03


@dataclass(frozen=True)
class Bench:
    """A job, and the clock that times its answers (see `altered_worker`)."""

    job: Job
    clock: str

    def run(self, delay: float = 0.0, times: int = 1) -> Report:
        """A report of the model, held up by a share, and so many times beside itself."""
        worker = (sys.executable, "-m", "tools.altered_worker", str(delay), self.clock)
        job = replace(self.job, models=self.job.models * times)
        return Report(
            created="", edgebert=edgebert.__version__, devices=(run_job(job, worker=worker),)
        )


def same_twice(bench: Bench) -> bool:
    """Whether a model's ratio to itself is 1 for each input."""
    good = True
    for ratio in bench.run(times=2).devices[0].ratios:
        is_one = ratio.low <= 1 <= ratio.high and ratio.high - ratio.low < NARROW
        print(
            f"  {ratio.ratio:.4f} ({ratio.low:.4f} to {ratio.high:.4f}){'' if is_one else ' BAD'}"
        )
        good &= is_one
    return good


def count_slower(bench: Bench, runs: int, delay: float) -> int:
    """How many of so many runs are called slower than an undisturbed one before each."""
    found = 0
    for number in range(1, runs + 1):
        worse = compare(bench.run(), bench.run(delay)).worse
        slower = [change.sentence for change in worse if change.what == "latency"]
        print(f"  {number}: {'; '.join(slower) or 'not slower'}", flush=True)
        found += bool(slower)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", type=Path, help="default: MiniLM, converted here")
    parser.add_argument("--unchanged", type=int, default=20)
    parser.add_argument("--delayed", type=int, default=10)
    parser.add_argument("--delay", type=float, default=0.05)
    parser.add_argument("--min-seconds", type=float, default=2.0)
    parser.add_argument("--cpu-time", action="store_true", help="by the clock of the process")
    arguments = parser.parse_args()
    if hasattr(os, "getloadavg"):
        print(f"load {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.model or Path(folder) / "minilm.tflite"
        if arguments.model is None:
            edgebert.convert(MINILM, path)
        job = Job((job_model(path),), lengths=(32,), min_seconds=arguments.min_seconds)
        bench = Bench(job, "process_time_ns" if arguments.cpu_time else "perf_counter_ns")
        print("the same twice:")
        good = same_twice(bench)
        print(f"unchanged, {arguments.unchanged} times:")
        good &= count_slower(bench, arguments.unchanged, 0.0) == 0
        print(f"held up by {arguments.delay:.0%}, {arguments.delayed} times:")
        good &= count_slower(bench, arguments.delayed, arguments.delay) == arguments.delayed
    print("as it must be" if good else "NOT as it must be")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
