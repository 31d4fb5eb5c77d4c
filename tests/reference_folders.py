"""The reference checkpoints: small ones in the repository, more where EDGEBERT_REFERENCE points."""

import json
import os
from pathlib import Path

import numpy as np

ROOTS = [Path(__file__).parent / "data" / "reference"]
if os.environ.get("EDGEBERT_REFERENCE"):
    ROOTS.append(Path(os.environ["EDGEBERT_REFERENCE"]))

FOLDERS = [
    folder
    for root in ROOTS
    for folder in sorted(root.iterdir())
    if (folder / "expected.json").is_file()
]


def cases(folder: Path):
    """Text, pair and expected values of each case of a folder."""
    for case in json.loads((folder / "expected.json").read_text())["cases"]:
        text = case["text"]
        first, pair = text if isinstance(text, list) else (text, None)
        values = {k: np.asarray(v, np.float32) for k, v in case.items() if k not in ("text", "ids")}
        yield first, pair, case["ids"], values


def is_plain(folder: Path) -> bool:
    """Whether a folder holds a BERT, as opposed to one of the other families."""
    config = folder / "config.json"
    if not config.exists():
        return True
    return json.loads(config.read_text()).get("model_type", "bert") == "bert"


PLAIN = [folder for folder in FOLDERS if is_plain(folder)]
