"""Runs a graph on the engine that is installed, with nothing of ours in between."""

import numpy as np

try:
    from ai_edge_litert.interpreter import Interpreter
except ModuleNotFoundError:
    from tflite_runtime.interpreter import Interpreter


def run(data, ids, segment_ids=None, padding=0, positions=None):
    """Output for some ids, with as many padding tokens behind them; by default for every token."""
    count = len(ids)
    interpreter = Interpreter(model_content=data, num_threads=1)
    values = {
        "ids": [*ids, *[1] * padding],
        "mask": [1] * count + [0] * padding,
        "segment_ids": [*(segment_ids or [0] * count), *[1] * padding],
    }
    inputs = {d["name"]: d["index"] for d in interpreter.get_input_details()}
    if "positions" in inputs:
        values["positions"] = range(count) if positions is None else positions
    for name, index in inputs.items():
        interpreter.resize_tensor_input(index, (1, len(values[name])))
    interpreter.allocate_tensors()
    for name, row in values.items():
        interpreter.set_tensor(inputs[name], np.array([row], np.int32))
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
