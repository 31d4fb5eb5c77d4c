"""ONNX Runtime: int8 weights, one scale an output channel, fused; each text at its own length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers.implementations import BertWordPieceTokenizer

from engines.interface import Engine, Vector, feeds, unit_mean

OUTPUTS = ("h", "logits")
"""Last hidden state of an embedder, and what a classifier gives."""


def load(model: Path, vocabulary: Path) -> Engine:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options)
    tokenizer = BertWordPieceTokenizer(str(vocabulary))
    output = next(each.name for each in session.get_outputs() if each.name in OUTPUTS)

    def answer(text: str) -> Vector:
        found = session.run([output], feeds(tokenizer.encode(text).ids, np.int64))[0][0]
        # An embedder gives the last hidden state.
        return unit_mean(found) if found.ndim == 2 else found

    def bind(ids: Sequence[int]) -> Callable[[], Any]:
        binding = session.io_binding()
        for name, value in feeds(ids, np.int64).items():
            binding.bind_cpu_input(name, value)
        binding.bind_output(output)
        return lambda: session.run_with_iobinding(binding)

    return Engine(answer, bind)
