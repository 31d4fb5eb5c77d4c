"""Checkpoints of other families: small ones in the repository, more where EDGEBERT_REFERENCE is."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.checkpoints.folders import DATA, edit_json

SMALL = sorted(path for path in (DATA / "families").iterdir() if path.is_dir())
"""One folder a family; its `expected.json` has the answers of each class of transformers."""

LARGER = (
    sorted(Path(os.environ["EDGEBERT_REFERENCE"]).glob("families/*/"))
    if "EDGEBERT_REFERENCE" in os.environ
    else []
)
"""Classifiers, with `cases` as in the other reference folders."""


def architectures(folder: Path) -> dict[str, list[dict]]:
    """The expected answers of a small folder by class."""
    return json.loads((folder / "expected.json").read_text())["architectures"]


CLASSES = [(folder, name) for folder in SMALL for name in architectures(folder)]


def as_class(folder: Path, name: str, to: Path) -> Path:
    """A copy of a small folder whose config names another class."""
    copied = to / name
    copied.mkdir()
    for file in folder.iterdir():
        if file.name == "config.json":
            (copied / file.name).write_bytes(file.read_bytes())
        else:
            (copied / file.name).symlink_to(file)
    edit_json(copied / "config.json", architectures=[name])
    return copied
