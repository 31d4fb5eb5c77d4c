"""Tensors that training leaves beside a model and no answer depends on: the only ones left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

LEFTOVERS: Mapping[str, str] = MappingProxyType(
    {
        r"(?:.+\.)?embeddings\.(?:position_ids|token_type_ids)": "counters: 0, 1, 2 … and zeros",
        r"fit_denses?(?:\.\d+)?\.(?:weight|bias)": "what TinyBERT compared its layers through",
        r"(?:loss|loss_fct|loss_fn|loss_function|criterion)\.(?:weight|pos_weight)": (
            "how much each label counted in the loss"
        ),
        r"class_weights?|pos_weight": "the same, as a buffer of the model",
        r"n_averaged": "how many models PyTorch's AveragedModel has averaged",
    }
)
"""Patterns for whole names, and what such a tensor is."""

_ANY = re.compile("|".join(LEFTOVERS))


def is_leftover(name: str) -> bool:
    """Whether a tensor is known to have no part in any answer."""
    return _ANY.fullmatch(name) is not None
