"""The canonical names and shapes of a BERT's weights, whatever format they came from.

A matrix is always `[out, in]`, as PyTorch and TFLite's FULLY_CONNECTED keep it: `y = x @ w.T + b`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from edgebert.bert.config import BertConfig
from edgebert.errors import EdgebertError

Array: TypeAlias = npt.NDArray[np.float32]
Weights: TypeAlias = Mapping[str, Array]
Shape: TypeAlias = tuple[int | str, ...]
"""A shape whose letters stand for sizes of the config (see `_resolve`); `K` counts labels."""

EMBEDDINGS: Mapping[str, Shape] = MappingProxyType(
    {
        "embeddings.word": ("V", "H"),
        "embeddings.position": ("P", "H"),
        "embeddings.segment": ("T", "H"),
        "embeddings.norm.weight": ("H",),
        "embeddings.norm.bias": ("H",),
    }
)

LAYER: Mapping[str, Shape] = MappingProxyType(
    {
        "attention.query.weight": ("H", "H"),
        "attention.query.bias": ("H",),
        "attention.key.weight": ("H", "H"),
        "attention.key.bias": ("H",),
        "attention.value.weight": ("H", "H"),
        "attention.value.bias": ("H",),
        "attention.output.weight": ("H", "H"),
        "attention.output.bias": ("H",),
        "attention.norm.weight": ("H",),
        "attention.norm.bias": ("H",),
        "ffn.intermediate.weight": ("I", "H"),
        "ffn.intermediate.bias": ("I",),
        "ffn.output.weight": ("H", "I"),
        "ffn.output.bias": ("H",),
        "ffn.norm.weight": ("H",),
        "ffn.norm.bias": ("H",),
    }
)

HEADS: Mapping[str, Mapping[str, Shape]] = MappingProxyType(
    {
        "pooler": {"pooler.weight": ("H", "H"), "pooler.bias": ("H",)},
        "classifier": {"classifier.weight": ("K", "H"), "classifier.bias": ("K",)},
        "tagger": {"tagger.weight": ("K", "H"), "tagger.bias": ("K",)},
        "answerer": {"answerer.weight": (2, "H"), "answerer.bias": (2,)},
        "mlm": {
            "mlm.transform.weight": ("H", "H"),
            "mlm.transform.bias": ("H",),
            "mlm.norm.weight": ("H",),
            "mlm.norm.bias": ("H",),
            "mlm.bias": ("V",),
        },
        "nsp": {"nsp.weight": (2, "H"), "nsp.bias": (2,)},
    }
)
"""What a checkpoint may have on top of its encoder. `mlm` multiplies by the word table."""


def encoder_shapes(config: BertConfig) -> dict[str, tuple[int, ...]]:
    """Every weight that each checkpoint must have, with its shape."""
    shapes: dict[str, Shape] = dict(EMBEDDINGS)
    for layer in range(config.num_hidden_layers):
        shapes |= {f"layers.{layer}.{name}": shape for name, shape in LAYER.items()}
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
    shapes = encoder_shapes(config)
    for head in HEADS.values():
        if any(name in weights for name in head):
            shapes |= {name: _resolve(shape, config) for name, shape in head.items()}
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
        if not np.isfinite(weights[name]).all():
            raise EdgebertError(f"checkpoint: tensor {name} holds values that are not finite")
    for labelled in {"classifier", "tagger"}.intersection(heads_of(weights)):
        rows, biases = len(weights[f"{labelled}.weight"]), len(weights[f"{labelled}.bias"])
        if rows != biases:
            raise EdgebertError(
                f"checkpoint: {labelled}.weight has {rows} rows and {labelled}.bias {biases} values"
            )


def parameter_count(config: BertConfig) -> int:
    """Parameters of embeddings, encoder and pooler, as the model cards count them."""
    shapes = list(encoder_shapes(config).values())
    shapes += [_resolve(shape, config) for shape in HEADS["pooler"].values()]
    return sum(int(np.prod(shape)) for shape in shapes)


def _resolve(shape: Shape, config: BertConfig) -> tuple[int, ...]:
    """Letters to numbers; `K`, which no config knows, becomes -1 (any)."""
    sizes = {
        "V": config.vocab_size,
        "H": config.hidden_size,
        "P": config.max_position_embeddings,
        "T": config.type_vocab_size,
        "I": config.intermediate_size,
        "K": -1,
    }
    return tuple(sizes[size] if isinstance(size, str) else size for size in shape)


def _show(shape: tuple[int, ...]) -> str:
    return "[" + ", ".join("any" if size == -1 else str(size) for size in shape) + "]"
