"""Published data sets that fixtures, studies and peers read, each in one place."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

BANKING77 = Path(__file__).parents[1] / "tests/data/banking77"


def banking77(part: str) -> list[tuple[str, str]]:
    """Questions of `train` or `test` with their labels."""
    with (BANKING77 / f"{part}.csv").open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file)
    return [(text, label) for text, label in rows]


def read_column(path: Path, column: str, kind: Callable[[str], Any] = str) -> Sequence[Any]:
    """All entries of a column of a TSV file in which quotes are ordinary characters."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [kind(row[column]) for row in rows]


def read_sentences(path: Path) -> list[list[str]]:
    """Words of sentences, from a word and a tag a line and an empty line behind each sentence."""
    blocks = path.read_text(encoding="utf-8").split("\n\n")
    words = [[line.split()[0] for line in block.splitlines() if line.strip()] for block in blocks]
    return [each for each in words if each]
