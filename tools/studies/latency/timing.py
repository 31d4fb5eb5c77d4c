"""Times a file at several lengths, interleaved with this machine's largest rate of multiplying.

The clock is the processor time of the one thread that computes: on a busy machine it leaves out
the time that others had the core, though not what they did to its caches.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from tools.devices.emulated_pi.guest import tflite
from tools.fixtures.random_weights import draw_ids
from tools.studies.latency.subjects import ROWS, WIDTH

PRODUCT = ROWS * WIDTH * WIDTH
"""Multiply-adds of the large product."""
LEAST_SECONDS = 0.004
"""Of one turn; short answers are repeated."""
REFERENCE_REPEATS = 2


@dataclass(frozen=True)
class Timing:
    """One length on this machine.

    Attributes:
        products: large products that take as long as an answer; median over the rounds, each with
            the product's time of that round, so that the speed of the hour falls out.
        limit: billion multiply-adds a second of the large product; median over the rounds.
    """

    tokens: int
    products: float
    limit: float


def time_lengths(
    path: Path, limit: Path, lengths: Sequence[int], *, rounds: int = 15
) -> list[Timing]:
    """Runs every length and the large product once a round, one thread.

    Args:
        path: of the model.
        limit: of `subjects.write_limit`.
        lengths: in tokens.
        rounds: of turns.
    """
    calls = {n: tflite(str(path))(np.array([draw_ids(n)], np.int32)) for n in lengths}
    times, reference = _take_turns(calls, _large_product(limit), rounds)
    rate = float(np.median(PRODUCT / reference) / 1e9)
    return [Timing(n, float(np.median(times[n] / reference)), rate) for n in lengths]


def _large_product(path: Path) -> Callable[[], object]:
    interpreter = Interpreter(str(path), num_threads=1)
    (entry,) = interpreter.get_input_details()
    interpreter.resize_tensor_input(entry["index"], (ROWS, WIDTH))
    interpreter.allocate_tensors()
    rows = np.random.default_rng(1).standard_normal((ROWS, WIDTH), dtype=np.float32)
    interpreter.set_tensor(entry["index"], rows)
    invoke: Callable[[], object] = interpreter.invoke
    return invoke


def _take_turns(
    calls: Mapping[int, Callable[[], object]], reference: Callable[[], object], rounds: int
) -> tuple[dict[int, np.ndarray], np.ndarray]:
    """Seconds a call: of each of `calls` [rounds], and of the reference [rounds]."""
    repeats = {n: max(1, int(LEAST_SECONDS / _seconds(call, 2))) for n, call in calls.items()}
    _seconds(reference, 2)
    turns = [
        [_seconds(reference, REFERENCE_REPEATS)]
        + [_seconds(call, repeats[n]) for n, call in calls.items()]
        for _ in range(rounds)
    ]
    first, *rest = np.array(turns).T
    return dict(zip(calls, rest, strict=True)), first


def _seconds(call: Callable[[], object], repeats: int) -> float:
    """Processor time a call, after one that brings back what others took from the caches."""
    call()
    start = time.thread_time()
    for _ in range(repeats):
        call()
    return (time.thread_time() - start) / repeats
