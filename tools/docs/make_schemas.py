"""Writes the JSON schemas of records and reports from their dataclasses (`make docs`).

Types become types, and the lines under "Attributes:" descriptions; a field without a default is
required, as it is to `edgebert.typed_json`, which reads the JSON.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from edgebert.benchmarking.result import FORMAT, BenchmarkReport
from edgebert.model_file.record import FORMATS, Record
from edgebert.typed_json import type_of

PACKAGE = Path(__file__).resolve().parents[2] / "edgebert"
_PLAIN: Mapping[Any, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}
_ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n     .*)*)", re.MULTILINE)


@dataclass(frozen=True)
class Schema:
    """A schema file.

    Attributes:
        path: in the package.
        kind: the dataclass at its top.
        title: of the schema.
        description: beside that of the class.
        further: properties that the JSON has beside the fields of the class.
    """

    path: str
    kind: type
    title: str
    description: str
    further: Mapping[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """The content of the file."""
        definitions: dict[str, Any] = {}
        top = _object(self.kind, definitions)
        summary = f"{top.pop('description')} {self.description}"
        top["properties"] = {**self.further, **top["properties"]}
        top["required"] = [*self.further, *(n for n in top["required"] if n not in self.further)]
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.title,
            "description": summary,
            **top,
            "$defs": dict(sorted(definitions.items())),
        }
        return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


SCHEMAS = (
    Schema(
        "model_file/record.schema.json",
        Record,
        "edgebert record",
        "It lies in a .tflite as edgebert.json. Readers pass over fields they do not know.",
        {
            "format": {
                "enum": list(FORMATS),
                "description": "1: one graph for any length, float32 output. 2: `integer` tells of "
                "the graphs. 3: either, and a reader must know of added tokens, truncation from "
                "the left, templates and prompts. Goes up when an older reader could misread a "
                "newer record.",
            }
        },
    ),
    Schema(
        "benchmarking/report.schema.json",
        BenchmarkReport,
        "edgebert benchmark report",
        "`edgebert benchmark -o` writes it. null: the device cannot tell. Readers pass over fields "
        "they do not know.",
        {
            "format": {
                "const": FORMAT,
                "description": "Goes up when an older reader could misread a newer report.",
            }
        },
    ),
)


def _object(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a dataclass; those of its fields' classes go to `definitions`."""
    text = inspect.getdoc(kind) or ""
    summary = " ".join(text.partition("\n\n")[0].split())
    described = {name: " ".join(line.split()) for name, line in _ATTRIBUTE.findall(text)}
    properties = {}
    for each in fields(kind):
        properties[each.name] = _value(type_of(kind, each), definitions)
        if each.name in described:
            properties[each.name]["description"] = _sentence(described[each.name])
    return {
        "type": "object",
        "description": summary,
        "required": [each.name for each in fields(kind) if _is_required(each)],
        "properties": properties,
    }


def _is_required(each: Field[Any]) -> bool:
    return each.default is MISSING and each.default_factory is MISSING


def _value(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a type, one of those that `edgebert.typed_json` knows."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return {}
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _value(arguments[0], definitions)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _value(arguments[1], definitions)}
    if origin in (Union, UnionType):
        (inner,) = (argument for argument in arguments if argument is not NoneType)
        return _or_null(_value(inner, definitions))
    if not is_dataclass(hint):
        raise TypeError(f"{hint} has no schema")
    if hint.__name__ not in definitions:
        definitions[hint.__name__] = {}  # a class may hold itself
        definitions[hint.__name__] = _object(hint, definitions)
    return {"$ref": f"#/$defs/{hint.__name__}"}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if "enum" in schema:
        return {"enum": [*schema["enum"], None]}
    if "type" in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _sentence(text: str) -> str:
    """As JSON calls things."""
    text = text.replace("None", "null")
    return text[:1].upper() + text[1:]


def main() -> None:
    """Writes all of them."""
    for schema in SCHEMAS:
        (PACKAGE / schema.path).write_text(schema.text(), encoding="utf-8")


if __name__ == "__main__":
    main()
