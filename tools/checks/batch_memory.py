"""Memory of `model.batch` over a million texts: flat, or it grows with what was answered.

    python -m tools.checks.batch_memory model.tflite

The texts are short, made while they are asked for, and no two are the same; one word of each is a
number that was not there before, so that what is kept of words met shows too.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import edgebert
from tools.checks.soak import resident
from tools.fixtures.random_weights import VOCABULARY

TEXTS = 1_000_000
PARTS = 10
MOST_GROWTH = 1.02
"""From the first tenth to the end, allocator and page cache included."""


def texts(count: int) -> Iterator[str]:
    """Texts of two to five words and a number."""
    words = [word for word in VOCABULARY.read_text().split() if word.isalpha() and len(word) > 3]
    stream = itertools.cycle(words)
    for number in range(count):
        yield f"{' '.join(itertools.islice(stream, 2 + number % 4))} {number}"


def measure(path: Path, count: int, workers: int | None) -> list[int]:
    """Resident bytes after each tenth of the texts."""
    found = []
    start = time.perf_counter()
    with edgebert.load(path) as model:
        for number, _ in enumerate(model.batch(texts(count), workers=workers), 1):
            if number % (count // PARTS) == 0:
                found.append(resident())
                seconds = time.perf_counter() - start
                print(f"{number:>9,} texts {found[-1] / 1e6:7.1f} MB {seconds:6.1f} s", flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--texts", type=int, default=TEXTS)
    parser.add_argument("--workers", type=int)
    arguments = parser.parse_args()
    found = measure(arguments.model, arguments.texts, arguments.workers)
    growth = found[-1] / found[0]
    print(f"from 10 % to 100 %: {growth:.3f}x (at most {MOST_GROWTH}x is flat)")
    return int(growth > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
