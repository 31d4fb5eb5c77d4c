"""`edgebert serve` under load: latency beside calls in a process, throughput, and its memory.

    python -m tools.studies.serving_load intents.tflite [--requests 100000]

Clients are processes that keep their connection. Bad requests are among the others, one in ten.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import edgebert

TEXTS = ("I lost my card in Berlin", "Why was I charged a fee?", "How old must I be?", "top up")
BAD = b'{"text": 3'
WARM_UP = 200


def main() -> None:
    """Prints the figures, one a line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--requests", type=int, default=100_000)
    given = parser.parse_args()
    with edgebert.load(given.file) as model:
        _print("in this process", _time(lambda text: model(text), given.requests // 50))
    service = subprocess.Popen(
        [sys.executable, "-m", "edgebert", "serve", f"m={given.file}", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        port = int(re.findall(r":(\d+)", service.stdout.readline())[-1])  # type: ignore[union-attr]
        _print("one client", _client(port, given.requests // 50))
        before = _memory(port)
        began = time.perf_counter()
        with multiprocessing.Pool(8) as pool:
            found = pool.starmap(_client, [(port, given.requests // 8)] * 8)
        seconds = time.perf_counter() - began
        _print("8 clients", np.concatenate(found))
        print(f"{given.requests / seconds:,.0f} requests a second")
        print(f"memory {before / 1e6:.1f} MB before, {_memory(port) / 1e6:.1f} MB after")
    finally:
        service.terminate()
        print("exit status", service.wait())


def _client(port: int, requests: int) -> np.ndarray:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(body: bytes) -> int:
        connection.request("POST", "/models/m", body)
        response = connection.getresponse()
        response.read()
        return response.status

    def good(text: str) -> None:
        if ask(json.dumps({"text": text}).encode()) != 200:
            raise SystemExit(f"no answer to {text!r}")

    return _time(good, requests, between=lambda: ask(BAD))


def _time(call, requests: int, between=lambda: None) -> np.ndarray:  # noqa: ANN001
    """Milliseconds of each call."""
    for index in range(WARM_UP):
        call(TEXTS[index % len(TEXTS)])
    times = np.empty(requests)
    for index in range(requests):
        began = time.perf_counter()
        call(TEXTS[index % len(TEXTS)])
        times[index] = time.perf_counter() - began
        if index % 10 == 0:
            between()
    return times * 1e3


def _memory(port: int) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    return float(re.search(r"^process_resident_memory_bytes (\S+)", text, re.M)[1])  # type: ignore[index]


def _print(name: str, times: np.ndarray) -> None:
    shown = "  ".join(f"p{each} {np.percentile(times, each):.2f} ms" for each in (50, 95, 99))
    print(f"{name:>16}: {shown}", flush=True)


if __name__ == "__main__":
    main()
