"""Writes docs/api.txt, the public names of edgebert with their signatures (`make docs`).

Both languages are read from their sources: the names in `edgebert.__all__` from the modules where
they are at home, and every declaration of the Kotlin libraries that is not private or internal.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import edgebert

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "api.txt"
KOTLIN = [ROOT / "android_demo" / module / "src/main/kotlin" for module in ("edgebert", "litert")]
HEAD = "# What is public, written by `make docs`; a test fails where it differs.\n"

_NOT_PUBLIC = re.compile(r"\b(private|internal|override)\b")
_DECLARES = re.compile(
    r"(?:@\w+ )*(?:(?:public|open|abstract|sealed|data|enum|inline|suspend|const|lateinit|operator|"
    r"companion|fun)\s+)*(class|interface|object|fun|val|var|typealias)\b"
)
_WITH_MEMBERS = ("class", "interface", "object")
_NO_CODE = re.compile(
    r'/\*.*?\*/|//[^\n]*|"""(.*?)"""|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.DOTALL
)


def page() -> str:
    """The content of the file."""
    lines = [HEAD, "## Python: import edgebert", ""]
    for name in edgebert.__all__:
        if home := edgebert._HOMES.get(name):
            lines += [*python_declaration(_source(home), name), ""]
        else:
            lines += [name, ""]
    for root, path in ((src, path) for src in KOTLIN for path in sorted(src.rglob("*.kt"))):
        declared = list(kotlin_declarations(path.read_text(encoding="utf-8")))
        if declared:
            package = ".".join(path.parent.relative_to(root).parts)
            lines += [f"## Kotlin: {package}, {path.name}", "", *declared, ""]
    return "\n".join(lines)


def _source(module: str) -> str:
    return (ROOT / Path(*module.split("."))).with_suffix(".py").read_text(encoding="utf-8")


def python_declaration(source: str, name: str) -> Iterator[str]:
    """A function, or a class with its public members, as its module has it."""
    for node in ast.parse(source).body:
        if getattr(node, "name", None) != name:
            continue
        if isinstance(node, ast.FunctionDef):
            yield from _signature(node)
        elif isinstance(node, ast.ClassDef):
            bases = ", ".join(map(ast.unparse, node.bases))
            yield from (f"@{ast.unparse(decorator)}" for decorator in node.decorator_list)
            yield f"class {name}({bases})" if bases else f"class {name}"
            overloaded: set[str] = set()
            for member in node.body:
                if isinstance(member, ast.FunctionDef) and not member.decorator_list:
                    if member.name in overloaded:  # what stands behind its overloads
                        continue
                elif isinstance(member, ast.FunctionDef):
                    overloaded.add(member.name)
                yield from (f"    {line}" for line in _member(member))


def _member(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.AnnAssign) and not ast.unparse(node.target).startswith("_"):
        yield ast.unparse(node)
    elif isinstance(node, ast.FunctionDef) and (
        node.name in ("__call__", "__enter__") or not node.name.startswith("_")
    ):
        yield from _signature(node)


def _signature(node: ast.FunctionDef) -> Iterator[str]:
    """The decorators and the line of a `def`."""
    yield from (f"@{ast.unparse(decorator)}" for decorator in node.decorator_list)
    returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    yield f"def {node.name}({ast.unparse(node.args)}){returned}"


def kotlin_declarations(source: str) -> Iterator[str]:
    """The public declarations of a file, those inside a class below it."""
    yield from _declarations(_NO_CODE.sub(_blank, source), "")


def _blank(found: re.Match[str]) -> str:
    """Comments and texts hold no code, but may hold braces."""
    if re.fullmatch(r'"[\w .-]*"', found[0]):
        return found[0]
    return '""' if found[0].startswith('"') else "' '" if found[0].startswith("'") else " "


def _declarations(code: str, indent: str) -> Iterator[str]:
    for head, body in _statements(code):
        found = _DECLARES.match(head)
        if not found or _NOT_PUBLIC.search(_before_parameters(head)):
            continue
        yield indent + _public_part(head)
        if found[1] in _WITH_MEMBERS:
            if "enum class" in head:
                yield f"{indent}    {_entries(body)}"
            yield from _declarations(body, indent + "    ")


def _before_parameters(head: str) -> str:
    """Where modifiers of the declaration itself stand; `class A private constructor(` is public."""
    return re.split(r"\b(?:class|interface|object|fun|val|var|typealias)\b", head, maxsplit=1)[0]


def _entries(body: str) -> str:
    return " ".join(re.split(r";|\b(?:val|fun)\b", body)[0].split()).rstrip(",")


def _public_part(head: str) -> str:
    """One line. Of a constructor that is not public the public properties count, and no more."""
    line = " ".join(head.split())
    if found := re.search(r" (?:private|internal) constructor\(", line):
        end = _matching(line, found.end() - 1)
        properties = [
            each.strip()
            for each in _split(line[found.end() : end])
            if each.strip().startswith(("val ", "var "))
        ]
        line = f"{line[: found.end()]}{', '.join(properties)}{line[end:]}"
    line = re.sub(r"\b(?:private|internal) va[lr] ", "", line)
    return line.replace("( ", "(").replace(", )", ")").replace(" )", ")")


def _split(parameters: str) -> Iterator[str]:
    """The parameters between commas that stand in no brackets."""
    start = at = 0
    while at < len(parameters):
        if parameters[at] in "([{<":
            at = _matching(parameters, at)
        elif parameters[at] == ",":
            yield parameters[start:at]
            start = at + 1
        at += 1
    yield parameters[start:]


def _statements(code: str) -> Iterator[tuple[str, str]]:
    """Statements of a body: what stands before a brace, a value or the end; and the body."""
    at = 0
    while at < len(code):
        start = at
        at = _end_of_head(code, at)
        head = code[start:at].strip()
        body = ""
        if at < len(code) and code[at] == "{":
            end = _matching(code, at)
            body, at = code[at + 1 : end], end + 1
        elif at < len(code) and code[at] == "=":
            at = _end_of_value(code, at + 1)
        else:
            at += 1
        if head:
            yield head, body


def _end_of_head(code: str, at: int) -> int:
    """Where a declaration's own text ends: at `{`, `;` or ` = `, or at the end of its last line."""
    start = at
    while at < len(code):
        if code[at] in "([<":
            at = _matching(code, at)
        is_value = code[at] == "=" and code[at + 1] not in "=>"
        is_whole = code[at] == "\n" and bool(code[start:at].strip()) and not _goes_on(code, at)
        if code[at] in "{;" or is_value or is_whole:
            return at
        at += 1
    return at


def _goes_on(code: str, at: int) -> bool:
    """Whether the next line belongs to this one."""
    rest = code[at:].lstrip()
    ends = code[:at].rstrip()[-1:]
    return (
        rest[:1] in (":", "{", "=") or ends in (":", ",") or rest.startswith(("get()", "?:", "."))
    )


def _end_of_value(code: str, at: int) -> int:
    """Where a value or an expression body ends: at the end of a line that does not go on."""
    start = at
    while at < len(code):
        if code[at] in "([{":
            at = _matching(code, at)
        elif code[at] == "\n" and code[start:at].strip():
            rest, ends = code[at:].lstrip(), code[:at].rstrip()[-1:]
            goes_on = rest.startswith(
                (".", "?:", "?.", "||", "&&", "+", "else", "catch", "finally")
            )
            if not goes_on and ends not in "=+-*/|&,:(?":
                return at
        at += 1
    return at


def _matching(code: str, at: int) -> int:
    """The place of the bracket that closes one."""
    pairs = {"(": ")", "[": "]", "{": "}", "<": ">"}
    opens, closes, depth = code[at], pairs[code[at]], 0
    for place in range(at, len(code)):
        if code[place] == opens:
            depth += 1
        elif code[place] == closes and code[place - 1 : place + 1] != "->":
            depth -= 1
            if not depth:
                return place
    return len(code) - 1


def main(arguments: Sequence[str] = ()) -> None:
    """Writes it."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
