"""Runs inside an emulated board: one engine's graph at several lengths, with marks for the plugin.

Usage: counted.py ENGINE MODEL VOCABULARY VOCABULARY_SIZE LENGTH…; `guest`, which marks, is on the
path (tools/devices/emulated_pi).
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import guest
import numpy as np


def main() -> None:
    name, model, vocabulary = sys.argv[1:4]
    vocabulary_size, *lengths = map(int, sys.argv[4:])
    engine = importlib.import_module(f"engines.{name}").load(Path(model), Path(vocabulary))
    generator = np.random.default_rng(0)
    guest.count(guest.EMPTY, lambda: None)
    for tokens in lengths:
        ids = guest.draw_ids(generator, vocabulary_size, tokens)
        guest.count(tokens, engine.bind(tuple(ids)))


if __name__ == "__main__":
    main()
