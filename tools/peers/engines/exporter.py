"""A file of Google's exporter, litert-torch (`torch_model.py`): texts padded to the next length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from tokenizers.implementations import BertWordPieceTokenizer

from engines.interface import Engine, Vector


def load(model: Path, vocabulary: Path) -> Engine:
    interpreter = Interpreter(str(model), num_threads=1)
    runners = sorted(
        (int(runner.get_input_details()["ids"]["shape"][1]), runner)
        for runner in map(interpreter.get_signature_runner, interpreter.get_signature_list())
    )
    tokenizer = BertWordPieceTokenizer(str(vocabulary))
    tokenizer.enable_truncation(runners[-1][0])

    def bind(ids: Sequence[int]) -> Callable[[], Any]:
        length, runner = next(each for each in runners if each[0] >= len(ids))
        inputs = np.zeros((2, 1, length), np.int32)
        inputs[0, 0, : len(ids)] = ids
        inputs[1, 0, : len(ids)] = 1
        return lambda: runner(ids=inputs[0], mask=inputs[1])

    def answer(text: str) -> Vector:
        (found,) = bind(tokenizer.encode(text).ids)().values()
        vector: Vector = found[0]
        return vector

    return Engine(answer, bind)
