"""Runs a file in OpenVINO on the processor: `python run_openvino.py FILE INPUTS`; prints JSON."""

import json
import sys
from pathlib import Path

import numpy as np
import openvino

model = openvino.Core().compile_model(sys.argv[1], "CPU", {"INFERENCE_NUM_THREADS": 1})
texts = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
outputs = [
    np.asarray(model({name: np.array([row], np.int32) for name, row in text.items()})[0])
    for text in texts
]
print(json.dumps({"outputs": [output.reshape(-1).tolist() for output in outputs]}))
