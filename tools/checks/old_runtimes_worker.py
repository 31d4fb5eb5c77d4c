"""Runs the self-tests of files on an old engine, without edgebert: NumPy and the engine alone.

    python old_runtimes_worker.py FILE…

For each file a line of JSON: {"file": …, "verdict": "right", "wrong" or "refused", "why": …}.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np

try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:
    from tflite_runtime.interpreter import Interpreter

SHARE = 0.03
"""Of the largest output, by which a right one may differ: releases round otherwise."""


def judge(path: str) -> tuple[str, str]:
    """What an engine makes of a file's self-test, and why."""
    with zipfile.ZipFile(path) as archive:
        record = json.loads(archive.read("edgebert.json"))
    try:
        largest = max(_differences(Interpreter(model_path=path, num_threads=1), record))
    except (ValueError, RuntimeError) as error:
        return "refused", str(error).splitlines()[0][:200]
    outputs = [abs(value) for case in record["self_test"] for value in case["output"]]
    right = largest <= SHARE * max(1.0, *outputs)
    return "right" if right else "wrong", f"largest difference {largest:.3g}"


def _differences(interpreter: Any, record: dict[str, Any]) -> Iterator[float]:
    for case in record["self_test"]:
        given = {"ids": case["ids"], "segment_ids": case["segment_ids"], **case["further"]}
        given["mask"] = [1] * len(case["ids"])
        inputs = interpreter.get_input_details()
        # The signature's names are those of the tensors, with a number where that is taken.
        named = {each["name"].split("#")[0].split(":")[0]: each["index"] for each in inputs}
        for name, index in named.items():
            interpreter.resize_tensor_input(index, (1, len(given[name])))
        interpreter.allocate_tensors()
        for name, index in named.items():
            interpreter.set_tensor(index, np.array([given[name]], np.int32))
        interpreter.invoke()
        output = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
        found = output.reshape(-1)[:: case["stride"]].astype(np.float64)
        difference = np.abs(found - np.array(case["output"])).max()
        yield float("inf") if np.isnan(difference) else float(difference)


if __name__ == "__main__":
    for file in sys.argv[1:]:
        verdict, why = judge(file)
        print(json.dumps({"file": file, "verdict": verdict, "why": why}), flush=True)
