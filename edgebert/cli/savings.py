"""What a smaller recipe of a converted file would take, for `edgebert inspect`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from edgebert.bert.sizes import RECIPE_SIZES, VOCABULARY, WORD_TABLE, file_bytes, file_parts
from edgebert.bert.tasks import TASKS
from edgebert.cli.model_sizes import FEWER
from edgebert.converter.options import RecipeName
from edgebert.model_file.record import Record

_LIKE = MappingProxyType(
    {
        **dict.fromkeys(("int8-static", "int8-fine"), "int8"),
        **dict.fromkeys(("w8-t4-a8-static", "w8-t4-a8-fine"), "w8-t4-a8"),
    }
)
"""Recipes whose files are as large as those of another."""

_SMALLER: Mapping[str, tuple[RecipeName, ...]] = MappingProxyType(
    {
        "int8-static": ("w8-t4-a8-static", "int4"),
        "int8-fine": ("w8-t4-a8-fine", "int4"),
        "float16": ("w16-t4-a32", "int8", "int4"),
        "float32": ("w32-t4-a32", "float16", "int8", "int4"),
    }
)
"""By a file's recipe those that would make it smaller."""

_USUAL: tuple[RecipeName, ...] = ("w8-t4-a8", "int4")
_SHORTER = 64
"""Tokens, of a file that takes more: enough for a sentence or two."""

_WORTH_IT = 0.01
"""Share of a file's bytes."""


def savings(record: Record, size: int) -> dict[str, int]:
    """About the bytes of the file that other options of `convert` would write.

    Args:
        record: of the file.
        size: of the file.

    Returns:
        By options, those alone that would make it smaller; empty for a recipe whose parts are not
        known by its shapes.
    """
    recipe, config = record.quantization.name, record.model
    alike = _LIKE.get(recipe, recipe)
    if alike not in RECIPE_SIZES:
        return {}
    heads = TASKS[record.task].needs(config)
    now = file_parts(config, heads, alike)
    found = {}
    for other in _SMALLER.get(recipe, _USUAL):
        parts = file_parts(config, heads, _LIKE.get(other, other))
        found[f"--quantize {other}"] = size + sum(parts.values()) - sum(now.values())
    for pieces in FEWER:
        if pieces < config.vocab_size:
            share = pieces / config.vocab_size
            dropped = (1 - share) * (now[WORD_TABLE] + now[VOCABULARY])
            found[f"--vocabulary-from TEXTS --vocabulary-size {pieces}"] = size - round(dropped)
    if record.fixed is None and record.max_length > _SHORTER:
        shorter = replace(config, max_position_embeddings=_SHORTER)
        saved = sum(now.values()) - file_bytes(shorter, heads, alike)
        found[f"--max-length {_SHORTER}"] = size - saved if saved > _WORTH_IT * size else size
    return {options: bytes_ for options, bytes_ in found.items() if bytes_ < size}
