"""Models that come with edgebert, and how what a user gives becomes the path of a file."""

from __future__ import annotations

import os

PACKAGED = ("intents",)


def find_model(given: str | os.PathLike[str]) -> str | os.PathLike[str]:
    """The path of a model file: as it was given, or that of the packaged model of this name.

    What is there goes first, so that no file or folder is passed over in silence.
    """
    if os.fspath(given) not in PACKAGED or os.path.lexists(given):
        return given
    return packaged_path(os.fspath(given))


def packaged_path(name: str) -> str:
    """Where a packaged model is."""
    # Not pathlib and not importlib.resources: they take milliseconds of a start.
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    return os.path.join(package, "data", f"{name}.tflite")  # noqa: PTH118


def advice(given: str | os.PathLike[str]) -> str:
    """What to do where something is no file: said of names of checkpoints and packaged models."""
    from edgebert.bert.catalogue import find

    name = os.fspath(given)
    if name in PACKAGED:
        return f"; the packaged model of this name is {packaged_path(name)}"
    if find(name) is not None:
        return f"; it is a checkpoint: edgebert convert {name} -o {name.replace('/', '-')}.tflite"
    return f"; by name there is: {', '.join(PACKAGED)}" if "." not in name else ""
