"""ExecuTorch: XNNPACK, int8 weights (`torch_model.py`), each text at its own length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from executorch.extension.pybindings import portable_lib
from executorch.runtime import Runtime
from tokenizers.implementations import BertWordPieceTokenizer

from engines.interface import Engine, Vector


def load(model: Path, vocabulary: Path) -> Engine:
    torch.set_num_threads(1)
    portable_lib._unsafe_reset_threadpool(1)
    method = Runtime.get().load_program(model).load_method("forward")
    tokenizer = BertWordPieceTokenizer(str(vocabulary))

    def bind(ids: Sequence[int]) -> Callable[[], Any]:
        row = (torch.tensor([list(ids)], dtype=torch.long),)
        return lambda: method.execute(row)[0]

    def answer(text: str) -> Vector:
        found: Vector = bind(tokenizer.encode(text).ids)()[0].numpy()
        return found

    return Engine(answer, bind)
