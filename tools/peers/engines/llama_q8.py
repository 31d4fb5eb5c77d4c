"""llama.cpp: Q8_0 (`llama_model.py`), sentence vectors alone, each text at its own length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
from tokenizers.implementations import BertWordPieceTokenizer

from engines.interface import Engine, Vector


def load(model: Path, vocabulary: Path) -> Engine:
    llama = llama_cpp.Llama(
        str(model),
        embedding=True,
        n_ctx=512,
        n_batch=512,
        n_ubatch=512,
        n_threads=1,
        n_threads_batch=1,
        pooling_type=llama_cpp.LLAMA_POOLING_TYPE_MEAN,
        verbose=False,
    )
    tokenizer = BertWordPieceTokenizer(str(vocabulary))
    batch, context = llama._batch, llama._ctx

    def run(ids: Sequence[int]) -> Vector:
        batch.reset()
        batch.add_sequence(list(ids), 0, True)
        context.decode(batch)
        kept = llama_cpp.llama_get_embeddings_seq(context.ctx, 0)
        vector = np.ctypeslib.as_array(kept, (llama.n_embd(),)).copy()
        unit: Vector = vector / np.sqrt(vector @ vector)
        return unit

    def bind(ids: Sequence[int]) -> Callable[[], Any]:
        return lambda: run(ids)

    return Engine(lambda text: run(tokenizer.encode(text).ids), bind)
