"""Runs inside the emulated Pi: invokes models of fixed shapes, with marks for the plugin.

Usage: guest_ops.py MODEL…. The mark of a model is its place in the list.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

sys.path.insert(0, str(Path(__file__).parent))
from guest import mark

INVOKES = 3
"""Of which the first still sets up."""


def main() -> None:
    generator = np.random.default_rng(0)
    for number, path in enumerate(sys.argv[1:]):
        interpreter = Interpreter(model_path=path, num_threads=1)
        interpreter.allocate_tensors()
        for entry in interpreter.get_input_details():
            shape, dtype = tuple(entry["shape"]), entry["dtype"]
            real = np.issubdtype(dtype, np.floating)
            drawn = generator.standard_normal(shape) if real else generator.integers(0, 2, shape)
            interpreter.set_tensor(entry["index"], drawn.astype(dtype))
        interpreter.invoke()
        for _ in range(INVOKES - 1):
            mark(number)
            interpreter.invoke()
        mark(number)


if __name__ == "__main__":
    main()
