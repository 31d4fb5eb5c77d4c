"""The canonical names and shapes of a BERT's weights, whatever format they came from.

A matrix is always `[out, in]`, as PyTorch and TFLite's FULLY_CONNECTED keep it: `y = x @ w.T + b`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from edgebert.arrays import Array, Weights
from edgebert.bert.config import BertConfig
from edgebert.errors import EdgebertError

Shape: TypeAlias = tuple[int | str, ...]
"""A shape whose letters stand for sizes of the config (see `_resolve`); `K` counts labels."""

EMBEDDINGS: Mapping[str, Shape] = MappingProxyType(
    {
        "embeddings.word": ("V", "E"),
        "embeddings.position": ("P", "S"),
        "embeddings.segment": ("T", "S"),
        "embeddings.norm.weight": ("S",),
        "embeddings.norm.bias": ("S",),
    }
)
PROJECTION: Mapping[str, Shape] = MappingProxyType(
    {"embeddings.projection.weight": ("H", "J"), "embeddings.projection.bias": ("H",)}
)
"""Of configs with a `projection`. Trigrams are read in the order next, own, previous word."""

_FFN: Mapping[str, Shape] = MappingProxyType(
    {
        "intermediate.weight": ("I", "B"),
        "intermediate.bias": ("I",),
        "output.weight": ("B", "I"),
        "output.bias": ("B",),
        "norm.weight": ("B",),
        "norm.bias": ("B",),
    }
)
LAYER: Mapping[str, Shape] = MappingProxyType(
    {
        "attention.query.weight": ("B", "B"),
        "attention.query.bias": ("B",),
        "attention.key.weight": ("B", "B"),
        "attention.key.bias": ("B",),
        "attention.value.weight": ("B", "H"),
        "attention.value.bias": ("B",),
        "attention.output.weight": ("B", "B"),
        "attention.output.bias": ("B",),
        "attention.norm.weight": ("B",),
        "attention.norm.bias": ("B",),
        **{f"ffn.{name}": shape for name, shape in _FFN.items()},
    }
)
"""`B`, the width inside a layer, is `H` where there is no bottleneck."""

BOTTLENECK: Mapping[str, Shape] = MappingProxyType(
    {
        f"bottleneck.{part}.{name}": shape
        for part, wide, narrow in (
            ("input", "B", "H"),
            ("query_key", "B", "H"),
            ("output", "H", "B"),
        )
        for name, shape in {
            "weight": (wide, narrow),
            "bias": (wide,),
            "norm.weight": (wide,),
            "norm.bias": (wide,),
        }.items()
    }
)
"""Of layers with a bottleneck: what the residual sums start from, what queries and keys are made
from, and the way back to `H`. Values are made from the layer's own input."""

HEADS: Mapping[str, Mapping[str, Shape]] = MappingProxyType(
    {
        "pooler": {"pooler.weight": ("H", "H"), "pooler.bias": ("H",)},
        "classifier": {"classifier.weight": ("K", "H"), "classifier.bias": ("K",)},
        "tagger": {"tagger.weight": ("K", "H"), "tagger.bias": ("K",)},
        "answerer": {"answerer.weight": (2, "H"), "answerer.bias": (2,)},
        "mlm": {
            "mlm.transform.weight": ("S", "H"),
            "mlm.transform.bias": ("S",),
            "mlm.norm.weight": ("S",),
            "mlm.norm.bias": ("S",),
            "mlm.bias": ("V",),
        },
        "nsp": {"nsp.weight": (2, "H"), "nsp.bias": (2,)},
    }
)
"""What a checkpoint may have on top of its encoder. `mlm` multiplies by the word table."""

MLM_REST: Mapping[str, Shape] = MappingProxyType({"mlm.rest.weight": ("V", "R")})
"""Of `mlm` where words are narrower than what it multiplies: the columns the word table lacks."""


def encoder_shapes(config: BertConfig) -> dict[str, tuple[int, ...]]:
    """Every weight that each checkpoint must have, with its shape."""
    shapes: dict[str, Shape] = dict(EMBEDDINGS)
    if not config.type_vocab_size:
        del shapes["embeddings.segment"]
    if config.projection:
        shapes |= PROJECTION
    layer_shapes: dict[str, Shape] = dict(LAYER)
    if config.bottleneck_size:
        layer_shapes |= BOTTLENECK
    for further in range(config.num_feedforward_networks - 1):
        layer_shapes |= {f"further_ffn.{further}.{name}": shape for name, shape in _FFN.items()}
    for layer in range(config.stored_layers):
        shapes |= {f"layers.{layer}.{name}": shape for name, shape in layer_shapes.items()}
    return {name: _resolve(shape, config) for name, shape in shapes.items()}


def head_shapes(head: str, config: BertConfig) -> dict[str, tuple[int, ...]]:
    """Every weight of a head, with its shape; -1 stands for the number of labels."""
    shapes = dict(HEADS[head])
    if head == "mlm" and config.word_size != config.sum_size:
        shapes |= MLM_REST
    return {name: _resolve(shape, config) for name, shape in shapes.items()}


def heads_of(weights: Weights) -> tuple[str, ...]:
    """The heads whose weights are all there, in the order of `HEADS`."""
    return tuple(head for head, shapes in HEADS.items() if all(name in weights for name in shapes))


def check_weights(weights: Weights, config: BertConfig) -> None:
    """Refuses weights that do not fit the config.

    Raises:
        EdgebertError: the first tensor that is missing, of the wrong shape, partly there
            (a head), or not finite; it is named, with the shape found and the shape needed.
    """
    _check_shapes(weights, encoder_shapes(config))
    for head in HEADS:
        if any(name in weights for name in head_shapes(head, config)):
            check_head(weights, head, config)


def check_head(weights: Weights, head: str, config: BertConfig) -> None:
    """Refuses a head that is not whole, or does not fit the config.

    Raises:
        EdgebertError: as `check_weights`.
    """
    _check_shapes(weights, head_shapes(head, config))
    if -1 in head_shapes(head, config).get(f"{head}.weight", ()):
        rows, biases = len(weights[f"{head}.weight"]), len(weights[f"{head}.bias"])
        if rows != biases:
            raise EdgebertError(
                f"checkpoint: {head}.weight has {rows} rows and {head}.bias {biases} values"
            )


def _check_shapes(weights: Weights, shapes: Mapping[str, tuple[int, ...]]) -> None:
    for name, shape in shapes.items():
        if name not in weights:
            raise EdgebertError(f"checkpoint: tensor {name} is missing (shape {_show(shape)})")
        found = weights[name].shape
        if len(found) != len(shape) or any(
            size not in (-1, got) for size, got in zip(shape, found, strict=True)
        ):
            raise EdgebertError(
                f"checkpoint: tensor {name} has shape {_show(found)}; "
                f"the config needs {_show(shape)}"
            )
        if not _is_finite(weights[name]):
            raise EdgebertError(f"checkpoint: tensor {name} holds values that are not finite")


def _is_finite(weight: Array) -> bool:
    """Whether all values are; where the sum of their squares is, nothing else need be computed."""
    flat = weight.ravel(order="K")
    return bool(np.isfinite(np.dot(flat, flat)) or np.isfinite(flat).all())


def parameter_count(config: BertConfig, heads: Iterable[str] = ("pooler",)) -> int:
    """Parameters of embeddings, encoder and heads, as the model cards count them."""
    shapes = list(encoder_shapes(config).values())
    shapes += [shape for head in heads for shape in head_shapes(head, config).values()]
    return sum(int(np.prod(shape)) for shape in shapes)


def _resolve(shape: Shape, config: BertConfig) -> tuple[int, ...]:
    """Letters to numbers; `K`, which no config knows, becomes -1 (any)."""
    sizes = {
        "V": config.vocab_size,
        "E": config.word_size,
        "J": config.word_size * (3 if config.trigrams else 1),
        "S": config.sum_size,
        "R": config.sum_size - config.word_size,
        "H": config.hidden_size,
        "B": config.inner_size,
        "P": config.max_position_embeddings,
        "T": config.type_vocab_size,
        "I": config.intermediate_size,
        "K": -1,
    }
    return tuple(sizes[size] if isinstance(size, str) else size for size in shape)


def _show(shape: tuple[int, ...]) -> str:
    return "[" + ", ".join("any" if size == -1 else str(size) for size in shape) + "]"
