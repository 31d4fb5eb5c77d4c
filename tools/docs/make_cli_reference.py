"""Writes docs/cli.md from the program's own help, so that the two cannot differ (`make docs`)."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

import typer

from edgebert.cli.main import app

INTRODUCTION = """# Commands

Made from the program's own help by `make docs`; a test keeps it up to date. Exit status: 0 fine,
1 a check failed, 2 wrong input or wrong use, 130 interrupted.
"""


def reference() -> str:
    """The whole page."""
    group = typer.main.get_command(app)
    parts = [INTRODUCTION]
    for name, command in group.commands.items():
        parts.append(f"\n## edgebert {name}\n\n{_text(command.help)}\n\n{_parameters(command)}")
    return "".join(parts)


def _text(help_text: str) -> str:
    """Help as Markdown: paragraphs, and the examples as code."""
    paragraphs = inspect.cleandoc(help_text).split("\b\n")
    text = paragraphs[0].strip()
    for block in paragraphs[1:]:
        title, *lines = block.rstrip().splitlines()
        text += f"\n\n{title}\n\n" + "\n".join(f"  {line}" for line in lines)
    return text


def _parameters(command: Any) -> str:
    """A table of arguments and options, from what we wrote, not from what Typer makes of it."""
    rows = [_row(parameter) for parameter in command.params if parameter.name != "help"]
    return "\n".join(["| | | default |", "|---|---|---|", *rows]) + "\n" if rows else ""


def _row(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        name = parameter.name.upper() + ("…" if parameter.nargs == -1 else "")
    else:
        name = ", ".join([*parameter.opts, *parameter.secondary_opts])
    shown, default = parameter.show_default, parameter.default
    if not isinstance(shown, str):
        plain = isinstance(default, (int, float, str)) and not isinstance(default, bool)
        shown = str(default) if plain else ""
    return f"| `{name}` | {_cell(parameter.help or '')} | {_cell(shown)} |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
