"""The process that measures a start with XNNPACK's weight cache: `… -m edgebert.benchmark.cached`.

LiteRT offers the cache through its CompiledModel alone. The first process that is given a cache
file fills it, the next one maps the packed weights from it instead of packing them anew.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from edgebert.benchmark.pipe import Send, serve
from edgebert.benchmark.worker import import_runtime, milliseconds_since

if TYPE_CHECKING:
    from edgebert.benchmark.setting import Setting


def work(setting: Setting, send: Send) -> None:
    """Opens the model and runs the first text once.

    Raises:
        EdgebertError: the file is not one of ours.
    """
    import_runtime("litert")
    import numpy as np
    from ai_edge_litert.compiled_model import CompiledModel
    from ai_edge_litert.options import CpuOptions, Options

    from edgebert.benchmark.memory import read_memory
    from edgebert.benchmark.system import System
    from edgebert.model_file.read import read_model_file

    start = time.perf_counter()
    file = read_model_file(Path(setting.model))
    encoding = file.tokenizer().encode(*setting.texts[0])
    options = CpuOptions(setting.threads, xnnpack_weight_cache_path=setting.cache or "")
    model = CompiledModel.from_file(setting.model, options=Options(cpu_options=options))
    length = len(encoding.ids)
    values = {"ids": encoding.ids, "mask": [1] * length, "segment_ids": encoding.segment_ids}
    names = model.get_signature_by_index(0)["inputs"]
    for at in range(len(names)):
        model.resize_input_tensor(at, [1, length])
    inputs, outputs = model.create_input_buffers(0), model.create_output_buffers(0)
    for name, buffer in zip(names, inputs, strict=True):
        # Further inputs hold numbers of tokens: all of them, as `Model.run_ids` gives them.
        buffer.write(np.array([values.get(name, range(length))], np.int32))
    model.run_by_index(0, inputs, outputs)
    load_ms = milliseconds_since(start)
    send({"load_cached_ms": load_ms, "memory": vars(read_memory(System()))})


if __name__ == "__main__":
    sys.exit(serve(work))
