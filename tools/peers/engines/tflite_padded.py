"""Plain TFLite, as most examples use it: every text padded to 128 tokens.

The same file and the same engine as edgebert's, so that the padding is what differs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from tokenizers.implementations import BertWordPieceTokenizer

from engines.interface import Engine, Vector

LENGTH = 128


def load(model: Path, vocabulary: Path) -> Engine:
    interpreter = Interpreter(str(model), num_threads=1)
    indexes = {entry["name"]: entry["index"] for entry in interpreter.get_input_details()}
    for index in indexes.values():
        interpreter.resize_tensor_input(index, (1, LENGTH))
    interpreter.allocate_tensors()
    output = interpreter.get_output_details()[0]["index"]
    tokenizer = BertWordPieceTokenizer(str(vocabulary))
    tokenizer.enable_truncation(LENGTH)
    tokenizer.enable_padding(length=LENGTH)

    def answer(text: str) -> Vector:
        encoding = tokenizer.encode(text)
        values = {
            "ids": encoding.ids,
            "mask": encoding.attention_mask,
            "segment_ids": encoding.type_ids,
        }
        for name, value in values.items():
            interpreter.set_tensor(indexes[name], np.array([value], np.int32))
        interpreter.invoke()
        found: Vector = interpreter.get_tensor(output)[0]
        return found

    return Engine(answer)
