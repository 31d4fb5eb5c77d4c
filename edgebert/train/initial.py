"""Weights to begin with, where no checkpoint has them."""

from __future__ import annotations

import zlib

import numpy as np

from edgebert.arrays import Array
from edgebert.bert.config import BertConfig
from edgebert.bert.weights import encoder_shapes, head_shapes

_DEVIATION = 0.02  # as google-research/bert: normal, cut at two deviations


def initial_encoder(config: BertConfig, seed: int) -> dict[str, Array]:
    """Embeddings and layers."""
    shapes = encoder_shapes(config)
    return {name: _initial(name, shape, seed) for name, shape in shapes.items()}


def initial_head(head: str, config: BertConfig, outputs: int, seed: int) -> dict[str, Array]:
    """A head of `bert.weights.HEADS`; `outputs` is its number of labels, where it has labels."""
    shapes = {
        name: tuple(outputs if size == -1 else size for size in shape)
        for name, shape in head_shapes(head, config).items()
    }
    return {name: _initial(name, shape, seed) for name, shape in shapes.items()}


def _initial(name: str, shape: tuple[int, ...], seed: int) -> Array:
    """Depends on name and seed alone: what else is made does not change it."""
    if len(shape) == 1:
        return np.full(shape, 1.0 if name.endswith("norm.weight") else 0.0, np.float32)
    random = np.random.default_rng((seed, zlib.crc32(name.encode())))
    values = random.standard_normal(shape, np.float32)
    while (far := np.abs(values) > 2).any():
        values[far] = random.standard_normal(int(far.sum()), np.float32)
    return values * np.float32(_DEVIATION)
