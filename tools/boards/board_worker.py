"""Runs on a board: engines take turns on the same ids; prints one line of JSON.

Usage: board_worker.py GUEST PIECES MODEL MODEL… -- LENGTH…; GUEST is emulated_pi/guest.py, which
opens a `.tflite` with LiteRT and an `.onnx` with ONNX Runtime, one thread each; PIECES is
the size of the vocabulary.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

SECONDS = 4.0
"""Of each length, for all engines together, at least."""
LEAST_ROUNDS = 20
PACKAGES = {".tflite": "ai-edge-litert", ".onnx": "onnxruntime"}


def race(guest: Any, pieces: int, models: list[str], length: int) -> dict[str, list[float]]:
    """Microseconds of each answer, by model; who begins changes from round to round."""
    # The first ones are signs and letters.
    ids = np.random.default_rng(0).integers(pieces // 30, pieces, (1, length)).astype(np.int32)
    calls = {model: guest.OPENERS[Path(model).suffix](model)(ids) for model in models}
    for call in calls.values():
        call()
    times: dict[str, list[float]] = {model: [] for model in models}
    begun, rounds = time.perf_counter(), 0
    while rounds < LEAST_ROUNDS or time.perf_counter() - begun < SECONDS:
        for at in range(len(models)):
            model = models[(at + rounds) % len(models)]
            calls[model]()  # the first after another engine finds that one's data in the caches
            before = time.perf_counter()
            calls[model]()
            times[model].append((time.perf_counter() - before) * 1e6)
        rounds += 1
    return times


def main() -> None:
    dashes = sys.argv.index("--")
    path, pieces, *models = sys.argv[1:dashes]
    spec = importlib.util.spec_from_file_location("guest", path)
    assert spec is not None and spec.loader is not None  # noqa: S101, PT018 - it is a file
    guest = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(guest)
    rows = []
    for length in map(int, sys.argv[dashes + 1 :]):
        for model, times in race(guest, int(pieces), models, length).items():
            low, median, high = np.percentile(times, (10, 50, 90)).tolist()
            rows.append(
                {
                    "model": Path(model).name,
                    "engine": f"{(name := PACKAGES[Path(model).suffix])} {version(name)}",
                    "tokens": length,
                    "rounds": len(times),
                    "microseconds": {"p10": low, "median": median, "p90": high},
                }
            )
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
