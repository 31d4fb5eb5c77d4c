"""Eight threads call one model for a minute: the answers must not change, nor memory grow.

    python -m tools.checks.soak FILE.tflite [--seconds 60] [--threads 8]

Every thread goes through the same calls in an order of its own. Each answer is compared with the
one that a single thread got before. Exits with 1 if one differs. The memory of the process is
printed along the way; what counts is its growth after the first tenth.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import edgebert
from edgebert.benchmarking.memory import read_memory
from edgebert.benchmarking.system import System
from edgebert.data import read_lines

_SENTENCES = 24
_STEPS = 10


def calls_of(model: edgebert.Model) -> list[tuple[tuple[str, ...], dict[str, Any]]]:
    """Arguments and options of many different calls, short and long."""
    sentences = read_lines("sentences.txt")[:_SENTENCES]
    text = " ".join(sentences)
    if model.task == "answer":
        several: dict[str, Any] = {"top": 3, "null_threshold": 0.0}
        return [((s, text), options) for s in sentences for options in ({}, several)]
    if model.task == "fill-mask":
        return [((f"{'[MASK] ' * (1 + i % 3)}{s}",), {}) for i, s in enumerate(sentences)]
    if model.task == "tag":
        return [((s,), {"strategy": "average"}) for s in sentences] + [
            ((text,), {"long": "windows"})
        ]
    if model.task == "encode":
        return [((s,), {}) for s in sentences]
    return [((s, sentences[0]), {}) for s in sentences] + [((text,), {"long": "mean"})]


def soak(model: edgebert.Model, *, seconds: float, threads: int) -> tuple[int, int]:
    """Number of calls, and how many of them gave another answer than a single thread got."""
    calls = calls_of(model)
    expected = [repr(model.reply(*arguments, **options)) for arguments, options in calls]
    done, wrong = [0] * threads, [0] * threads
    end = time.monotonic() + seconds

    def work(thread: int) -> None:
        order = random.Random(thread)  # noqa: S311
        while time.monotonic() < end:
            at = order.randrange(len(calls))
            arguments, options = calls[at]
            wrong[thread] += repr(model.reply(*arguments, **options)) != expected[at]
            done[thread] += 1

    with ThreadPoolExecutor(threads) as pool:
        workers = [pool.submit(work, number) for number in range(threads)]
        for step in range(1, _STEPS + 1):
            time.sleep(max(0.0, end - time.monotonic() - seconds * (1 - step / _STEPS)))
            print(f"{step / _STEPS:4.0%}  {sum(done):>9,} calls  {resident() / 1e6:.1f} MB")
    for worker in workers:
        worker.result()  # raises what the thread did
    return sum(done), sum(wrong)


def resident() -> int:
    """Bytes of memory that this process holds now (Linux)."""
    return read_memory(System()).resident or 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--threads", type=int, default=8)
    given = parser.parse_args()
    with edgebert.load(given.file) as model:
        calls, wrong = soak(model, seconds=given.seconds, threads=given.threads)
    print(f"{model.task}: {calls:,} calls, {wrong} with another answer")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
