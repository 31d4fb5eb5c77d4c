"""The reference folders, and copies of them to damage."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgebert.converter.plan import Plan


DATA = Path(__file__).parent.parent / "data"
BUNDLES = DATA / "bundles"
ROOTS = [DATA / "reference"]
if "EDGEBERT_REFERENCE" in os.environ:
    ROOTS.append(Path(os.environ["EDGEBERT_REFERENCE"]))

CLASSIFIER = "hf_classifier_2x32"
PRETRAINING = "hf_pretraining_2x32"
TAGGER = "hf_tagger_2x32"
EMBEDDER = "st_embedder_2x32"
TF1 = "tf1_uncased_L-2_H-32_A-2"
TF1_CLASSIFIER = "tf1_classifier_2x32"


def reference_folders() -> list[Path]:
    """Every folder with a checkpoint that can be opened, under all roots."""
    folders = [path.parent for root in ROOTS for path in root.glob("*/expected.json")]
    return sorted(folders)


def plan_of(folder: Path, **options: Any) -> Plan:
    """What a conversion of a folder would build, or its error."""
    from edgebert.checkpoints.folder import open_folder  # what runs files alone has no converter
    from edgebert.converter.options import Options
    from edgebert.converter.plan import plan

    return plan(Options(**options), open_folder(folder))


def copy(name: str, to: Path) -> Path:
    """A writable copy of a reference folder."""
    folder = to / name
    shutil.copytree(ROOTS[0] / name, folder)
    return folder


def edit_json(path: Path, **changes: object) -> None:
    """Sets values of a JSON object; `...` removes one."""
    value = json.loads(path.read_text()) if path.exists() else {}
    value.update(changes)
    path.write_text(json.dumps({k: v for k, v in value.items() if v is not ...}))
