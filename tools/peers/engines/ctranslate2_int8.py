"""CTranslate2: int8 (`ctranslate2_model.py`), each text at its own length."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from tokenizers.implementations import BertWordPieceTokenizer

from engines.interface import Engine, Vector, unit_mean


def load(model: Path, vocabulary: Path) -> Engine:
    # Without being told it takes AVX-512 on Intel's processors alone.
    if "avx512f" in Path("/proc/cpuinfo").read_text().split():
        os.environ["CT2_FORCE_CPU_ISA"] = "AVX512"
    encoder = ctranslate2.Encoder(
        str(model), device="cpu", compute_type="int8", intra_threads=1, inter_threads=1
    )
    head = dict(np.load(model / "head.npz"))
    tokenizer = BertWordPieceTokenizer(str(vocabulary))

    def run(ids: Sequence[int]) -> Vector:
        found = encoder.forward_batch([list(ids)])
        if head:
            pooled = np.array(found.pooler_output)[0]
            logits: Vector = head["classifier.weight"] @ pooled + head["classifier.bias"]
            return logits
        return unit_mean(np.array(found.last_hidden_state)[0])

    def bind(ids: Sequence[int]) -> Callable[[], Any]:
        batch = [list(ids)]
        return lambda: encoder.forward_batch(batch)

    return Engine(lambda text: run(tokenizer.encode(text).ids), bind)
