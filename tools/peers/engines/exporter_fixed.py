"""A file of Google's exporter, litert-torch (`torch_model.py`): every text padded to 128 tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from tokenizers.implementations import BertWordPieceTokenizer

from engines.interface import Engine, Vector


def load(model: Path, vocabulary: Path) -> Engine:
    interpreter = Interpreter(str(model), num_threads=1)
    interpreter.allocate_tensors()
    ids, mask = sorted(interpreter.get_input_details(), key=lambda entry: entry["name"])
    output = interpreter.get_output_details()[0]["index"]
    tokenizer = BertWordPieceTokenizer(str(vocabulary))
    length = int(ids["shape"][1])
    tokenizer.enable_truncation(length)
    tokenizer.enable_padding(length=length)

    def set_inputs(given: Sequence[int], shown: Sequence[int]) -> None:
        for entry, values in ((ids, given), (mask, shown)):
            interpreter.set_tensor(entry["index"], np.array([values], entry["dtype"]))

    def bind(given: Sequence[int]) -> Callable[[], Any]:
        padding = [0] * (length - len(given))
        set_inputs([*given, *padding], [1] * len(given) + padding)
        invoke: Callable[[], Any] = interpreter.invoke
        return invoke

    def answer(text: str) -> Vector:
        encoding = tokenizer.encode(text)
        set_inputs(encoding.ids, encoding.attention_mask)
        interpreter.invoke()
        found: Vector = interpreter.get_tensor(output)[0]
        return found

    return Engine(version("litert-torch"), answer, bind)
