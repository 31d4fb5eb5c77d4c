"""The schemas say what the dataclasses say."""

import json
from dataclasses import dataclass
from typing import Literal

import pytest
from jsonschema import Draft202012Validator

from tools.docs.make_schemas import PACKAGE, SCHEMAS, Schema


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.title)
def test_the_committed_schema_is_that_of_the_classes(schema):
    assert (PACKAGE / schema.path).read_text(encoding="utf-8") == schema.text(), "run: make docs"


@dataclass
class Leaf:
    """A leaf."""

    size: float


@dataclass
class Tree:
    """A tree.

    Attributes:
        kind: what it is, None where
            nobody knows.
    """

    kind: Literal["oak", "elm"] | None
    leaves: tuple[Leaf, ...] = ()
    root: Leaf | None = None


def test_types_defaults_and_docstrings_make_a_schema():
    schema = json.loads(Schema("", Tree, "tree", "It grows.").text())
    assert schema["description"] == "A tree. It grows."
    assert schema["required"] == ["kind"]
    assert schema["properties"]["kind"]["description"] == "What it is, null where nobody knows."
    validator = Draft202012Validator(schema)
    validator.validate({"kind": None, "leaves": [{"size": 1}], "root": None})
    for wrong in ({}, {"kind": "ash"}, {"kind": "oak", "leaves": [{}]}, {"kind": "oak", "root": 1}):
        assert not validator.is_valid(wrong), wrong
