"""Races calls in one process, round by round, so that a busy machine is busy for all of them."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from edgebert.benchmarking.interleaving import rotated
from edgebert.benchmarking.statistics import Times

# What matrix products of int8 and float32 run on, as Linux writes them.
_FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm", "sve")


def race(
    calls: Mapping[str, Callable[[], object]], *, rounds: int = 60, repeats: int = 10
) -> dict[str, Times]:
    """Microseconds a call, one entry a round; each round starts with another call."""
    names = list(calls)
    times: dict[str, list[float]] = {name: [] for name in names}
    for call in calls.values():
        timed(call, repeats)
    for turn in range(rounds):
        for name in rotated(names, turn):
            times[name].append(timed(calls[name], repeats))
    return {name: np.array(entries) for name, entries in times.items()}


def timed(call: Callable[[], object], repeats: int) -> float:
    """Microseconds a call."""
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats * 1e6


def describe_cpu() -> str:
    """Model and those features on which int8 speed depends; no ratio means anything without."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    fields = dict(tuple(map(str.strip, line.split(":", 1))) for line in lines if ":" in line)
    name = fields.get("model name") or fields.get("Model") or platform.machine()
    flags = (fields.get("flags") or fields.get("Features") or "").split()
    features = [flag for flag in _FEATURES if flag in flags]
    return f"{name}, {' '.join(features) or 'no int8 or vector extension known here'}"
