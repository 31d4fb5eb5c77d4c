"""The TFLite engines edgebert can run on, and the choice between them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from edgebert.errors import EdgebertError
from edgebert.runtime.chatter import quiet
from edgebert.support import LITERT, EngineName
from edgebert.version import version_numbers

if TYPE_CHECKING:
    from pathlib import Path


class Engine(NamedTuple):
    """One engine.

    Attributes:
        package: what to install.
        module: where its `Interpreter` is.
        speaks: releases, the newest first, each with the TFLite version whose ops it has from that
            one on; None: the package is numbered as TFLite is.
    """

    name: str
    package: str
    module: str
    speaks: Mapping[str, str] | None = None


# In the order of preference: on the same int8 file ai-edge-litert is up to 15 times faster.
ENGINES: Mapping[str, Engine] = MappingProxyType(
    {
        # pip installs 2.1 or later. Older ones, where somebody has them, open newer ops that they
        # do not have and answer wrongly (tools/checks/old_runtimes.py).
        "litert": Engine(
            "litert",
            "ai-edge-litert",
            "ai_edge_litert.interpreter",
            {"2.1": "2.21", "1.3": "2.20", "0": "2.17"},
        ),
        "tflite-runtime": Engine("tflite-runtime", "tflite-runtime", "tflite_runtime.interpreter"),
    }
)


ENGINE_ERRORS = (ValueError, RuntimeError, SystemError, MemoryError)
"""What engines raise; SystemError is numpy 2 under tflite-runtime 2.14."""

MOST_THREADS = 256
"""Of one answer: engines start them at once, and with ten thousand a machine stands still."""


def open_interpreter(
    path: str | Path, *, engine: EngineName = "auto", threads: int = 1, needs: str = "0"
) -> tuple[str, Any]:
    """Opens a .tflite with the first engine that is installed and new enough.

    Args:
        path: the file; it is memory-mapped.
        engine: "auto", or one by name.
        threads: of one inference.
        needs: TFLite version whose ops the file has.

    Returns:
        The engine's name and its `Interpreter`.

    Raises:
        EdgebertError: no engine fits (the message tells why each one does not), or the engine
            refuses the file.
    """
    if engine not in ("auto", *ENGINES):
        raise EdgebertError(f"engine {engine!r} is unknown; known: auto, {', '.join(ENGINES)}")
    check_threads(threads)
    reasons = []
    for name in ENGINES if engine == "auto" else (engine,):
        interpreter = _find(ENGINES[name], needs)
        if isinstance(interpreter, str):
            reasons.append(interpreter)
            continue
        try:
            with quiet():
                return name, interpreter(model_path=str(path), num_threads=threads)
        except ENGINE_ERRORS as error:
            raise engine_error(path, name, "open", error) from error
    raise EdgebertError(f"no engine for this file: {'; '.join(reasons)}")


def check_threads(threads: object) -> None:
    """Raises EdgebertError unless it is a number of threads that an engine can start."""
    if type(threads) is not int or not 1 <= threads <= MOST_THREADS:
        raise EdgebertError(
            f"threads is {threads!r}; a whole number from 1 to {MOST_THREADS} is needed"
        )


def engine_error(path: str | Path, engine: str, what: str, error: Exception) -> EdgebertError:
    """The one line about a file that an engine cannot open or run."""
    return EdgebertError(f"{path}: {engine} cannot {what} it: {_first_line(error)}")


def _find(engine: Engine, needs: str) -> Callable[..., Any] | str:
    """The engine's Interpreter class, or why it cannot be used."""
    root = engine.module.split(".")[0]
    # Not by importlib.metadata: its import alone takes longer than loading a small model.
    try:
        package = importlib.import_module(root)
        interpreter = importlib.import_module(engine.module).Interpreter
    except ModuleNotFoundError as error:
        if error.name == root:
            return f"{engine.package} is not installed (pip install {engine.package})"
        return f"{engine.package} does not import: {error}"
    except Exception as error:  # a broken engine fails in its own way: say which, try the next
        return f"{engine.package} does not import: {_first_line(error)}"
    version = package.__version__
    speaks = _spoken(engine, version)
    if version_numbers(speaks) < version_numbers(needs):
        return (
            f"{engine.package} {version} is older than the TFLite {needs} this file needs "
            f"(install {LITERT[0]}, or convert with --runtime tflite-runtime)"
        )
    return interpreter  # type: ignore[no-any-return]


def _spoken(engine: Engine, version: str) -> str:
    """The TFLite version whose ops a release of an engine has."""
    return next(
        (
            tflite
            for release, tflite in (engine.speaks or {}).items()
            if version_numbers(release) <= version_numbers(version)
        ),
        version,
    )


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
