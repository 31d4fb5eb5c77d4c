"""What `pip install edgebert` leaves out: which extra installs it, and what it is for.

The base installation runs models. Everything else is imported where it is used, and where it is
missing one line says which extra brings it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from edgebert.errors import EdgebertError
from edgebert.support import version_text


@dataclass(frozen=True)
class Extra:
    """One extra of `pyproject.toml`.

    Attributes:
        name: as in `pip install 'edgebert[name]'`.
        use: what it is for.
        modules: what is imported, by the name of its package.
        newest_python: for which its packages are there; None: all that edgebert runs on.
    """

    name: str
    use: str
    modules: Mapping[str, str]
    newest_python: tuple[int, int] | None = None


EXTRAS = (
    Extra(
        "cli",
        "all verbs of the command",
        {"filelock": "filelock", "rich": "rich", "typer": "typer"},
    ),
    Extra(
        "convert",
        "checkpoints to files",
        {
            "google-crc32c": "google_crc32c",
            "huggingface_hub": "huggingface_hub",
            "safetensors": "safetensors",
            "tokenizers": "tokenizers",
        },
    ),
    Extra(
        "serve",
        "answers over HTTP",
        {
            "anyio": "anyio",
            "prometheus-client": "prometheus_client",
            "starlette": "starlette",
            "uvicorn": "uvicorn",
        },
    ),
    Extra(
        "train",
        "fit, pretrain, finetune, distill",
        {
            "tensorflow": "tensorflow",
            "tensorflow-model-optimization": "tensorflow_model_optimization",
            "tf-keras": "tf_keras",
        },
        newest_python=(3, 13),
    ),
    Extra("ethos-u", "convert --compile", {"ethos-u-vela": "ethosu"}),
)
"""From the one that most people need to the one that few do."""


def install(extra: str) -> str:
    """The command that installs an extra, and which Python it takes where this one is too new."""
    command = f"pip install 'edgebert[{extra}]'"
    newest = next((each.newest_python for each in EXTRAS if each.name == extra), None)
    if newest is None or sys.version_info[:2] <= newest:
        return command
    return f"{command}, with Python {version_text(newest)} or older"


@contextmanager
def needed_for(what: str, extra: str | None = None) -> Iterator[None]:
    """Imports in this block are of packages that an extra brings.

    Args:
        what: what needs them, to begin a sentence with.
        extra: which one to install, where not the one that brings the package.

    Raises:
        EdgebertError: one of them is not installed, and which extra installs it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        for each in EXTRAS:
            for package, module in each.modules.items():
                if module == missing:
                    raise EdgebertError(
                        f"{what} needs {package}: {install(extra or each.name)}"
                    ) from error
        raise
