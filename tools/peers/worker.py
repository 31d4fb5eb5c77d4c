"""Runs one engine in its own environment and answers requests, a line of JSON each.

Usage: worker.py ENGINE MODEL VOCABULARY. It first says {"binds": …}. Then

    {"texts": ["…", …]}             → [{"wall": µs, "cpu": µs, "answer": […]}, …], one after another
    {"ids": […], "repeats": n}      → {"wall": µs, "cpu": µs}, a call

where `cpu` is the processor time of all threads of this process.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def timed(call: Callable[[], Any], repeats: int = 1) -> tuple[dict[str, float], Any]:
    """Microseconds a call, and what the last one returned."""
    found = None
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(repeats):
        found = call()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"wall": wall / repeats * 1e6, "cpu": cpu / repeats * 1e6}, found


def answered(answer: Callable[[str], Any], text: str) -> dict[str, Any]:
    """Microseconds and the answer; a copy, as some engines use the same memory for the next one."""
    times, found = timed(functools.partial(answer, text))
    return {**times, "answer": [float(value) for value in found]}


def main() -> None:
    name, model, vocabulary = sys.argv[1:]
    # Libraries write to the standard output as they like; the protocol gets a copy of its own.
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    engine = importlib.import_module(f"engines.{name}").load(Path(model), Path(vocabulary))
    bind = functools.lru_cache(maxsize=1)(engine.bind) if engine.bind else None
    print(json.dumps({"binds": bind is not None}), file=replies)
    for line in sys.stdin:
        request = json.loads(line)
        reply: object
        if "texts" in request:
            reply = [answered(engine.answer, text) for text in request["texts"]]
        else:
            reply, _ = timed(bind(tuple(request["ids"])), request["repeats"])
        print(json.dumps(reply), file=replies)


if __name__ == "__main__":
    main()
