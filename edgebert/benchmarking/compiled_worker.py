"""Measures a start with XNNPACK's weight cache: `python -m edgebert.benchmarking.compiled_worker`.

LiteRT offers the cache through its CompiledModel alone. The first process that is given a cache
file fills it, the next one maps the packed weights from it instead of packing them anew. Given no
file it starts CompiledModel without the cache. So two things can be told from the start of a
`worker`, which has the Interpreter: what the other API costs or gains, and what the cache does.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgebert.benchmarking.worker import import_runtime, milliseconds_since
from edgebert.benchmarking.worker_protocol import Send, serve

if TYPE_CHECKING:
    from edgebert.benchmarking.setting import Setting
    from edgebert.model_file.fixed_graphs import FixedGraphs
    from edgebert.tokenizer.tokenizer import Encoding


def work(setting: Setting, send: Send) -> None:
    """Opens the model, with the setting's cache if it has one, and runs the first text once.

    Raises:
        EdgebertError: the file is not one of ours.
    """
    import_runtime("litert")
    import numpy as np
    from ai_edge_litert.compiled_model import CompiledModel
    from ai_edge_litert.options import CpuOptions, Options

    from edgebert.benchmarking.memory import read_memory
    from edgebert.benchmarking.system import System
    from edgebert.model_file.read import read_model_file

    system = System()
    baseline = read_memory(system)
    start = time.perf_counter()
    file = read_model_file(Path(setting.model))
    encoding = file.tokenizer().encode(*setting.texts[0])
    options = CpuOptions(setting.threads, xnnpack_weight_cache_path=setting.cache or "")
    model = CompiledModel.from_file(setting.model, options=Options(cpu_options=options))
    fixed = file.record.fixed_graphs
    key, values = _of_any_length(encoding) if fixed is None else _padded(encoding, fixed)
    number = model.get_signature_index(key)
    names = model.get_signature_by_index(number)["inputs"]
    given = [np.array([values[name]], np.int32) for name in names]
    for at, value in enumerate([] if fixed else given):
        model.resize_input_tensor(at, value.shape)
    inputs, outputs = model.create_input_buffers(number), model.create_output_buffers(number)
    for buffer, value in zip(inputs, given, strict=True):
        buffer.write(value)
    model.run_by_index(number, inputs, outputs)
    load_ms = milliseconds_since(start)
    memory = {"baseline": vars(baseline), "first": vars(read_memory(system))}
    send({"load_ms": load_ms, "memory": memory})


def _of_any_length(encoding: Encoding) -> tuple[str, dict[str, Sequence[int]]]:
    """The signature of a file that takes any length, and what it is given."""
    every = range(len(encoding.ids))
    values = {"ids": encoding.ids, "segment_ids": encoding.segment_ids, "positions": every}
    return "serving_default", {**values, "mask": [1] * len(every)}


def _padded(encoding: Encoding, fixed: FixedGraphs) -> tuple[str, dict[str, Sequence[int]]]:
    """The signature of a file of fixed lengths for the text, and what it is given."""
    from edgebert.runtime.fixed_session import padded

    length = min(each for each in fixed.lengths if each >= len(encoding.ids))
    values = padded(fixed, encoding.ids, encoding.segment_ids, length)
    further = {"positions": [0] * (fixed.positions or 0)}
    return f"length_{length}", {
        **further,
        **{name: row[0].tolist() for name, row in values.items()},
    }


if __name__ == "__main__":
    sys.exit(serve(work))
