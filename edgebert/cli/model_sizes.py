"""What each part of a well-known model takes in each recipe, for `edgebert models NAME`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from edgebert.bert.catalogue import CATALOGUE, CatalogueModel
from edgebert.bert.embedders import EMBEDDERS, Embedder
from edgebert.bert.relatives import RELATIVES, Relative
from edgebert.bert.sizes import RECIPE_SIZES, file_bytes, file_parts
from edgebert.errors import EdgebertError

if TYPE_CHECKING:
    from rich.table import Table

KnownModel: TypeAlias = CatalogueModel | Relative | Embedder

FEWER = (8_000, 4_000, 2_000)
"""Word pieces that `--vocabulary-size` might keep."""


def find_known(name: str) -> KnownModel:
    """A model by its name, alias or hub id, in any case.

    Raises:
        EdgebertError: none of those that are listed has it.
    """
    known: tuple[KnownModel, ...] = (*CATALOGUE, *RELATIVES, *EMBEDDERS)
    for model in known:
        alias = model.alias if isinstance(model, CatalogueModel) else None
        if name.lower() in {each.lower() for each in (model.name, alias, model.hub_id) if each}:
            return model
    raise EdgebertError(
        f"{name[:80]!r} is none of the checkpoints that edgebert models lists; give a name, an "
        "alias or a hub id of that list (the parts of a file: edgebert inspect)"
    )


def heads_of(model: KnownModel) -> tuple[str, ...]:
    """Heads that are counted in a model's size."""
    if isinstance(model, CatalogueModel):
        return ("pooler",)
    return model.heads if isinstance(model, Relative) else ()


def bytes_of(model: KnownModel) -> dict[str, int]:
    """About the size of the converted file by recipe."""
    return {recipe: file_bytes(model.config, heads_of(model), recipe) for recipe in RECIPE_SIZES}


def sizes_of(model: KnownModel) -> dict[str, Any]:
    """About the bytes of each part by recipe, and of the file with fewer word pieces."""
    config, heads = model.config, heads_of(model)
    return {
        recipe: {
            "parts": file_parts(config, heads, recipe),
            "bytes": file_bytes(config, heads, recipe),
            "bytes_with_pieces": {
                str(pieces): file_bytes(config, heads, recipe, pieces) for pieces in FEWER
            },
        }
        for recipe in RECIPE_SIZES
    }


def sizes_table(model: KnownModel) -> Table:
    """The same in megabytes, a column a recipe."""
    from edgebert.cli.console import table

    sizes = sizes_of(model)
    listed = table("MB", *RECIPE_SIZES)
    for column in listed.columns[1:]:
        column.justify = "right"
    rows = {
        part: [each["parts"][part] for each in sizes.values()] for part in sizes["int8"]["parts"]
    }
    rows["whole file"] = [each["bytes"] for each in sizes.values()]
    for pieces in FEWER:
        rows[f"with {pieces:,} pieces"] = [
            each["bytes_with_pieces"][str(pieces)] for each in sizes.values()
        ]
    for name, row in rows.items():
        listed.add_row(name, *(f"{size / 1e6:.2f}" for size in row))
    return listed
