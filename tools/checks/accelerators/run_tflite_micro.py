"""Runs a file in TFLite Micro: `python run_tflite_micro.py FILE INPUTS`; prints JSON.

The arena is the smallest that the interpreter can do with, to 4 KiB.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from tflite_micro.python.tflite_micro import runtime

_STEP = 4096


def opened(size: int) -> Any:
    """The interpreter with an arena of so many bytes, or None where that is too small."""
    try:
        return runtime.Interpreter.from_file(sys.argv[1], arena_size=size)
    except RuntimeError:
        return None


low, high = 0, 4 << 20
while high - low > _STEP:
    middle = (low + high) // 2
    low, high = (low, middle) if opened(middle) else (middle, high)
interpreter = opened(high)
texts = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
outputs = []
for text in texts:
    for number, row in enumerate(text.values()):
        interpreter.set_input(np.array([row], np.int32), number)
    interpreter.invoke()
    outputs.append(interpreter.get_output(0).reshape(-1).tolist())
print(json.dumps({"outputs": outputs, "arena": high}))
