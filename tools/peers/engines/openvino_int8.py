"""OpenVINO: int8 by NNCF (`openvino_model.py`), each text at its own length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino
from tokenizers.implementations import BertWordPieceTokenizer

from engines.interface import Engine, Vector, feeds

_ONE_THREAD = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}


def load(model: Path, vocabulary: Path) -> Engine:
    compiled = openvino.Core().compile_model(model, "CPU", _ONE_THREAD)
    request = compiled.create_infer_request()
    tokenizer = BertWordPieceTokenizer(str(vocabulary))

    def answer(text: str) -> Vector:
        request.infer(feeds(tokenizer.encode(text).ids, np.int32), share_inputs=True)
        found: Vector = request.get_output_tensor().data[0]
        return found

    def bind(ids: Sequence[int]) -> Callable[[], Any]:
        for name, value in feeds(ids, np.int32).items():
            request.set_tensor(name, openvino.Tensor(value))
        return lambda: request.infer(share_inputs=True)

    return Engine(answer, bind)
