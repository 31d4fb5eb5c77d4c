"""Pages of the documentation site that are made from the code while it is built (`make docs`).

mkdocs calls the functions at the end (`hooks` in mkdocs.yml). The Python reference is made from
docstrings by mkdocstrings; that of JSON files from their schemas.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

import edgebert

ROOT = Path(__file__).resolve().parents[2]
PYTHON = "reference/python.md"
SCHEMAS = {
    "reference/record.md": "edgebert/model_file/record.schema.json",
    "reference/report.md": "edgebert/benchmarking/report.schema.json",
}
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Converting": ("convert", "ConversionReport"),
    "Asking": ("load", "Model", "Reply", "SelfTestReport"),
    "Answers": ("Classification", "Span", "Answer", "Fill"),
    "Labels taught by example": ("TeachableModel",),
    "Searching": ("search", "open_search", "Search", "Hit"),
    "Evaluating": ("evaluate", "Evaluation", "compare", "Comparison", "Gate"),
    "Benchmarking": (
        "benchmark",
        "BenchmarkOutcome",
        "BenchmarkReport",
        "ReportComparison",
        "Change",
    ),
    "Errors and warnings": ("EdgebertError", "CheckFailedError", "TruncationWarning"),
}
_BY_FILE = re.compile(r"\[([\w/]+\.md)((?:, [^]]*)?)\]\(([\w./]+\.md)((?:#[^)]*)?)\)")
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
_OUTSIDE = re.compile(r"\[([^]]*)\]\(((?:\.\./)+[^)#]+)(?:#[^)]*)?\)")


def python_reference() -> str:
    """All public names, by what they are for."""
    lines = ["# Python", "", "Everything that `import edgebert` gives; all else may change."]
    grouped = {name for names in GROUPS.values() for name in names}
    others = tuple(n for n in edgebert.__all__ if n not in grouped and not n.startswith("_"))
    for title, names in {**GROUPS, "More": others}.items():
        if names:
            lines += ["", f"## {title}"]
            lines += [f"\n::: {edgebert._HOMES[name]}.{name}" for name in names]
    return "\n".join(lines) + "\n"


def schema_reference(path: str) -> str:
    """A table for each class of a JSON schema."""
    schema = json.loads((ROOT / path).read_text(encoding="utf-8"))
    title = schema["title"]
    lines = [f"# {title[:1].upper()}{title[1:]}", "", f"The schema is `{path}`."]
    for name, described in {"": schema, **schema["$defs"]}.items():
        lines += ["", *([f"## {name}", ""] if name else []), described["description"], ""]
        lines += ["| field | type | |", "|---|---|---|", *_rows(described)]
    return "\n".join(lines) + "\n"


def _rows(described: Mapping[str, Any]) -> Iterator[str]:
    for name, value in described["properties"].items():
        optional = "" if name in described["required"] else " Optional."
        text = f"{value.get('description', '')}{optional}".replace("|", "\\|").strip()
        yield f"| `{name}` | {_type(value)} | {text} |"


def _type(value: Mapping[str, Any]) -> str:
    """A type in words, classes as links."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in value:
        return " or ".join(map(_type, value["anyOf"]))
    if "enum" in value or "const" in value:
        choices = value.get("enum", [value.get("const")])
        return ", ".join(f"`{json.dumps(choice)}`" for choice in choices)
    kinds = value.get("type", "anything")
    words = " or ".join([kinds] if isinstance(kinds, str) else kinds)
    if "items" in value:
        return f"{words} of {_type(value['items'])}"
    if "additionalProperties" in value:
        return f"{words} of {_type(value['additionalProperties'])}"
    return words


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages."""
    pages = {PYTHON: python_reference(), **{k: schema_reference(v) for k, v in SCHEMAS.items()}}
    for path, text in pages.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Pages are called by their titles and not by their files.

    Files of the repository that are no part of the site are named in place of a link.
    """

    def titled(found: re.Match[str]) -> str:
        target = (Path(config.docs_dir) / page.file.src_uri).parent / found[3]
        title = _TITLE.search(target.read_text(encoding="utf-8"))
        return f"[{title[1] if title else found[1]}{found[2]}]({found[3]}{found[4]})"

    def named(found: re.Match[str]) -> str:
        target = (Path(config.docs_dir) / page.file.src_uri).parent / found[2]
        inside = target.resolve().is_relative_to(Path(config.docs_dir).resolve())
        path = target.resolve().relative_to(ROOT) if not inside else target
        return found[0] if inside else f"{found[1]} (`{path}` in the repository)"

    return _OUTSIDE.sub(named, _BY_FILE.sub(titled, markdown))
