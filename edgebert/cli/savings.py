"""What a smaller form of a converted file would take, for `edgebert inspect`."""

from __future__ import annotations

from edgebert.bert.sizes import FORMS, VOCABULARY, WORD_TABLE, file_parts
from edgebert.bert.tasks import TASKS
from edgebert.converter.options import RecipeName
from edgebert.converter.recipes import RECIPES
from edgebert.model_file.record import Record

_FEWER = (8_000, 4_000, 2_000)
_SMALLER: tuple[RecipeName, ...] = ("w8-t4-a8", "int4")


def savings(record: Record, size: int) -> dict[str, int]:
    """About the bytes of the file that other options of `convert` would write.

    Args:
        record: of the file.
        size: of the file.

    Returns:
        By options, those alone that would make it smaller; empty for a form whose parts are not
        known by its shapes.
    """
    form, config = record.quantization.name, record.model
    if form not in FORMS:
        return {}
    heads = TASKS[record.task].needs(config)
    now = file_parts(config, heads, form)
    found = {}
    for other in _SMALLER:
        if record.fixed is not None and "lengths" not in RECIPES[other].options:
            continue
        parts = file_parts(config, heads, other)
        found[f"--quantize {other}"] = size + sum(parts.values()) - sum(now.values())
    for pieces in _FEWER:
        if pieces < config.vocab_size:
            share = pieces / config.vocab_size
            dropped = (1 - share) * (now[WORD_TABLE] + now[VOCABULARY])
            found[f"--vocabulary-from TEXTS --vocabulary-size {pieces}"] = size - round(dropped)
    return {options: bytes_ for options, bytes_ in found.items() if bytes_ < size}
