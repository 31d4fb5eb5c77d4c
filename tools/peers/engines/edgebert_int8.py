"""edgebert: a file of `edgebert convert`, each text at its own length."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import edgebert
from engines.interface import Engine, Vector


def load(model: Path, vocabulary: Path) -> Engine:
    loaded = edgebert.load(model)

    def answer(text: str) -> Vector | Collection[float]:
        found = loaded(text)
        return found if isinstance(found, np.ndarray) else found.scores.values()

    def bind(ids: Sequence[int]) -> Callable[[], Any]:
        loaded.run_ids(ids)
        invoke: Callable[[], Any] = loaded._session._interpreter.invoke
        return invoke

    return Engine(answer, bind)
