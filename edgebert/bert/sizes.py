"""How large a converted file is, by its shapes alone: what each part takes in each recipe."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from edgebert.bert.config import BertConfig
from edgebert.bert.weights import encoder_shapes, head_shapes

WORD_TABLE, MATRICES, VOCABULARY, REST = "word table", "matrices", "vocabulary", "rest"
"""Parts of a file. The rest are positions and segments, biases, norms, the graph and the record."""

_SCALE_BYTES, _ZERO_POINT_BYTES = 4, 8
"""Of each scale a row, and of the zero point beside it, which matrices of as many rows share."""

_SMALL_MATRIX = 16  # as `converter.weight_storage` has it; of most heads
_PIECE_BYTES = 7.6  # a word piece and the end of its line, in the English vocabulary
_GRAPH_BYTES, _LAYER_BYTES = 28_500, 1_200  # with the record


@dataclass(frozen=True)
class RecipeSizes:
    """How a recipe stores the two kinds of large weights.

    Attributes:
        matrix_bits: of a number of a matrix, a block's share of its scale included.
        matrix_scales: a matrix has a scale a row.
        table_bits: likewise of the word table.
        other_bits: of a number of the other tables.
    """

    matrix_bits: float
    matrix_scales: bool
    table_bits: float
    other_bits: int


RECIPE_SIZES: Mapping[str, RecipeSizes] = MappingProxyType(
    {
        "float32": RecipeSizes(32, False, 32, 32),
        "float16": RecipeSizes(16, False, 16, 16),
        "int8": RecipeSizes(8, True, 8, 8),
        "w8-t4-a8": RecipeSizes(8, True, 4.25, 8),
        "w4-t8-a8": RecipeSizes(4.5, False, 8, 8),
        "int4": RecipeSizes(4.5, False, 4.25, 8),
        "w16-t4-a32": RecipeSizes(16, False, 4.25, 16),
        "w32-t4-a32": RecipeSizes(32, False, 4.25, 32),
    }
)
"""By the name of the recipe; int8-static, int8-fine, int8-full and int16x8 files are about as large
as int8, and those of w8-t4-a8-static and w8-t4-a8-fine as w8-t4-a8."""


def file_parts(
    config: BertConfig,
    heads: Iterable[str] = ("pooler",),
    recipe: str = "int8",
    pieces: int | None = None,
) -> dict[str, int]:
    """About how many bytes each part of a file takes.

    Args:
        config: of the model.
        heads: on its encoder.
        recipe: of `RECIPE_SIZES`.
        pieces: word pieces that are kept; None: all.
    """
    stored = RECIPE_SIZES[recipe]
    config = config if pieces is None else replace(config, vocab_size=pieces)
    shapes = encoder_shapes(config)
    for head in heads:
        shapes |= head_shapes(head, config)
    parts = dict.fromkeys((WORD_TABLE, MATRICES, VOCABULARY, REST), 0.0)
    parts[VOCABULARY] = _PIECE_BYTES * config.vocab_size
    parts[REST] = _GRAPH_BYTES + _LAYER_BYTES * config.num_hidden_layers
    zero_points: set[int] = set()
    for name, shape in shapes.items():
        numbers, rows = abs(math.prod(shape)), shape[0]
        if name == "embeddings.word":
            parts[WORD_TABLE] += numbers * stored.table_bits / 8
        elif name == "embeddings.position":
            parts[REST] += numbers * stored.other_bits / 8
        elif len(shape) == 1 or name.startswith("embeddings.segment") or rows <= _SMALL_MATRIX:
            parts[REST] += 4 * numbers
        else:
            scales = _SCALE_BYTES * rows + _ZERO_POINT_BYTES * rows * (rows not in zero_points)
            zero_points.add(rows)
            parts[MATRICES] += numbers * stored.matrix_bits / 8 + scales * stored.matrix_scales
    return {part: round(size) for part, size in parts.items()}


def file_bytes(
    config: BertConfig,
    heads: Iterable[str] = ("pooler",),
    recipe: str = "int8",
    pieces: int | None = None,
) -> int:
    """About the size of a file with its vocabulary; see `file_parts`."""
    return sum(file_parts(config, heads, recipe, pieces).values())
