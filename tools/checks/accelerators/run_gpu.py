"""Runs a file on a GPU: `python run_gpu.py FILE INPUTS`; prints JSON.

Its self-test runs there when it opens; where that fails, its message and 1.
"""

import json
import sys
from pathlib import Path

import numpy as np

import edgebert
from edgebert.runtime.accelerator import CompiledFile

try:
    model = edgebert.load(sys.argv[1], accelerator="gpu")
except edgebert.EdgebertError as error:
    sys.exit(str(error))
share = model.accelerated
texts = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
compiled = CompiledFile(sys.argv[1], model.record.fixed_graphs, threads=1)
runner = compiled.get_signature_runner(f"length_{len(next(iter(texts[0].values())))}")
outputs = [
    runner(**{name: np.array([row], np.int32) for name, row in text.items()})["output"]
    for text in texts
]
told = {"outputs": [output.reshape(-1).tolist() for output in outputs], "share": share}
print(json.dumps(told))
