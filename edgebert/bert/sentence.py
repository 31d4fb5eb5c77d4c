"""How the tokens of a text become one vector: poolings, and what activates a dense layer on top.

The names are sentence-transformers'.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

Pooling: TypeAlias = str
"""One of `POOLINGS`, or several joined by "+": their vectors one behind the other, "cls+mean"."""

POOLINGS = ("mean", "cls", "max", "weightedmean", "mean_sqrt_len_tokens", "lasttoken")

DenseActivation: TypeAlias = Literal["identity", "tanh", "relu", "gelu", "sigmoid"]
DENSE_ACTIVATIONS: tuple[DenseActivation, ...] = get_args(DenseActivation)


def pooling_modes(pooling: Pooling) -> tuple[str, ...]:
    """The poolings that one name stands for."""
    return tuple(pooling.split("+"))


def is_pooling(pooling: object) -> bool:
    """Whether that is a pooling, or several different ones."""
    if not isinstance(pooling, str):
        return False
    modes = pooling_modes(pooling)
    return len(set(modes)) == len(modes) and {*modes} <= {*POOLINGS}
