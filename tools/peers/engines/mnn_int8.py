"""MNN: 8-bit weights, each text at its own length. In which type it computes is its own choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import MNN.expr
import MNN.nn
import numpy as np
from tokenizers.implementations import BertWordPieceTokenizer

from engines.interface import Engine, Vector

_ONE_THREAD = {
    "backend": 0,
    "numThread": 1,
    "precision": "low",
    "memory": "low",
    "memory_mode": "low",
}


def load(model: Path, vocabulary: Path) -> Engine:
    runtime = MNN.nn.create_runtime_manager((_ONE_THREAD,))
    network = MNN.nn.load_module_from_file(str(model), ["ids"], ["out"], runtime_manager=runtime)
    tokenizer = BertWordPieceTokenizer(str(vocabulary))

    def bind(ids: Sequence[int]) -> Callable[[], Any]:
        row = MNN.expr.const(list(ids), [1, len(ids)], MNN.expr.NCHW, MNN.expr.int)
        return lambda: network.forward([row])[0].read()

    def answer(text: str) -> Vector:
        found: Vector = np.array(bind(tokenizer.encode(text).ids)())[0]
        return found

    return Engine(answer, bind)
