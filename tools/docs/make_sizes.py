"""Writes the table of docs/size.md: all 24 sizes by their shapes (`make sizes`)."""

from __future__ import annotations

import sys
from pathlib import Path

from edgebert.bert.catalogue import CATALOGUE
from edgebert.bert.sizes import RECIPE_SIZES, file_bytes
from tools.docs.pages import write_between_marks

PIECES = (None, 8_000, 4_000, 2_000)


def sizes_table() -> str:
    """Megabytes of a classifier's file, a row a size."""
    heads = [name if kept is None else f"{kept:,}" for name in RECIPE_SIZES for kept in _kept(name)]
    lines = [f"| | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for model in CATALOGUE:
        cells = [
            f"{file_bytes(model.config, ('pooler',), name, kept) / 1e6:.2f}"
            for name in RECIPE_SIZES
            for kept in _kept(name)
        ]
        lines.append(f"| {model.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _kept(recipe: str) -> tuple[int | None, ...]:
    """Vocabularies of a recipe in the table: several of the usual and of the smallest one."""
    return PIECES if recipe in ("int8", "int4") else PIECES[:1]


if __name__ == "__main__":
    write_between_marks(Path(sys.argv[1]), "sizes", sizes_table())
