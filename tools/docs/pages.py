"""Figures in pages: what stands between two marks is written by the tool that measured it."""

from __future__ import annotations

from pathlib import Path


def write_between_marks(page: Path, name: str, text: str) -> None:
    """Replaces what stands between `<!-- NAME -->` and `<!-- end of NAME -->`.

    Raises:
        ValueError: the page has no such marks.
    """
    before, mark, rest = page.read_text().partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- end of {name} -->")
    if not (mark and end):
        raise ValueError(f"{page}: no marks for {name}")
    page.write_text(f"{before}{mark}{text.strip()}\n{end}{after}")
