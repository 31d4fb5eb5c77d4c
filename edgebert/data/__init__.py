"""Texts and the model that ship with edgebert; README.md here names sources and licences."""

from __future__ import annotations

from importlib import resources


def read_lines(name: str) -> list[str]:
    """The lines of a file of this folder, such as `sentences.txt`."""
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8").splitlines()
