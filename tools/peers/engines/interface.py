"""What every engine does, and what several of them need."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Engine:
    """A loaded model.

    Attributes:
        answer: from a text to its vector or scores: the whole way, as an application goes it, and
            no further: scores come in whatever form the library gives them.
        bind: gives a call that does nothing but run the model on these ids; None where the
            library has no such call.
    """

    answer: Callable[[str], Vector | Collection[float]]
    bind: Callable[[Sequence[int]], Callable[[], Any]] | None = None


def feeds(ids: Sequence[int], dtype: type[np.generic]) -> dict[str, npt.NDArray[Any]]:
    """The three inputs of a BERT [1, n], as exporters of Hugging Face models name them."""
    row = np.array([ids], dtype)
    return {
        "input_ids": row,
        "attention_mask": np.ones_like(row),
        "token_type_ids": np.zeros_like(row),
    }


def unit_mean(hidden: Vector) -> Vector:
    """The mean of the rows [n, H], scaled to length 1."""
    mean = hidden.mean(axis=0)
    vector: Vector = mean / np.sqrt(mean @ mean)
    return vector
