"""What `model(text)` costs beside tokenising and invoking, text by text.

Usage: python -m tools.studies.call_overhead MODEL.tflite TEXTS, one text a line.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

import edgebert
from tools.studies.interleaved_timing import timed

PASSES = 5


@dataclass(frozen=True)
class Overhead:
    """In microseconds.

    Attributes:
        same_length: median where the length stays, as in most calls.
        any_length: median over texts as they come; new lengths make the interpreter set up again.
    """

    same_length: float
    any_length: float


def measure_overhead(model: edgebert.Model, texts: Sequence[str]) -> Overhead:
    """`model(text)` less `tokenizer.encode(text)` less invoke, text by text."""
    by_length = sorted(texts, key=lambda text: len(model.tokenizer.encode(text).ids))
    return Overhead(same_length=_overhead(model, by_length), any_length=_overhead(model, texts))


def _overhead(model: edgebert.Model, texts: Sequence[str]) -> float:
    """Median over the texts, each at its least of several passes: the calls are that short."""
    # In this order: the first call gives the interpreter the text's length for the last.
    calls = {
        "whole": model,
        "encode": model.tokenizer.encode,
        "invoke": lambda text: model._session._interpreter.invoke(),
    }
    passes = [
        [[timed(partial(call, text), repeats=1) for call in calls.values()] for text in texts]
        for _ in range(PASSES)
    ]
    whole, encode, invoke = np.min(passes, axis=0).T
    return float(np.median(whole - encode - invoke))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("texts", type=Path)
    arguments = parser.parse_args()
    lines = arguments.texts.read_text(encoding="utf-8").splitlines()
    with edgebert.load(arguments.model) as model:
        found = measure_overhead(model, [line for line in lines if line.strip()])
    print(
        f"{found.same_length:.1f} µs at the same length, "
        f"{found.any_length:.1f} µs over texts as they come"
    )


if __name__ == "__main__":
    main()
