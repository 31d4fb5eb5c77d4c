"""Prints what converted files give for some texts, as JSON: runs on a Pi and beside it.

Usage: answers.py MODEL.tflite…
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import edgebert

TEXTS = (
    ("How do I get my money back?", None),
    ("Crème brûlée costs €5, isn't it?", None),
    ("card", None),
    ("The quick brown fox jumps over the lazy dog while the band plays on. " * 3, None),
    ("Where was he born?", "He was born in London in 1879."),
)


def answers(paths: Sequence[str | Path]) -> dict[str, dict[str, Any]]:
    """Outputs for `TEXTS` and the result of the self-test, by the file's name."""
    found = {}
    for path in paths:
        with edgebert.load(path) as model:
            encodings = [model.tokenizer.encode(text, pair) for text, pair in TEXTS]
            found[Path(path).name] = {
                "engine": model.engine,
                "tolerance": model.record.self_test_tolerance,
                "step": model.record.integer.output_scale if model.record.integer else None,
                "failures": list(model.selftest().failures),
                "outputs": [
                    model.run_ids(each.ids, each.segment_ids).ravel().tolist() for each in encodings
                ],
            }
    return found


def main() -> None:
    told = {"machine": platform.machine(), "answers": answers(sys.argv[1:])}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
