"""docs/families.md is true to the code: it names every family, its classes and every field."""

from dataclasses import fields
from pathlib import Path

import pytest

import edgebert.checkpoints.families as families
from edgebert.bert.config import BertConfig
from edgebert.bert.relatives import RELATIVES

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "families.md").read_text()
GOOGLES = 9
"""Fields of the config that Google's BERT has; the further ones make families."""


@pytest.mark.parametrize("family", families.FAMILIES.values(), ids=lambda family: family.name)
def test_each_family_has_its_row(family):
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| {family.name}"))
    prefix = next(iter(family.architectures)).removesuffix("Model")
    assert f"`{prefix}" in row


def test_each_field_that_makes_a_family_is_named():
    for field in fields(BertConfig)[GOOGLES:]:
        assert field.name in PAGE, field.name


def test_each_module_that_is_named_is_there():
    for name in ("embeddings.py", "layers.py", "attention.py", "task_heads.py", "reference.py"):
        assert name in PAGE
        assert (ROOT / "edgebert" / "converter" / name).is_file()


def test_no_module_but_the_table_asks_for_a_family_by_name():
    table = Path(families.__file__).parent
    others = [family for family in families.FAMILIES.values() if family.name != "BERT"]
    names = [f'"{name}"' for family in others for name in (family.name, family.model_type)]
    catalogue = ROOT / "edgebert" / "bert" / "relatives.py"
    allowed = {catalogue, ROOT / "edgebert" / "cli" / "models.py"}
    for path in (ROOT / "edgebert").rglob("*.py"):
        if table not in path.parents and path not in allowed:
            found = [name for name in names if name in path.read_text()]
            assert not found, f"{path}: {found}"


def test_the_published_shapes_are_in_the_table():
    for model in RELATIVES:
        if not model.name.startswith("MiniLM"):
            assert f"| {model.name} | {model.parameters / 1e6:.1f} M |" in PAGE
