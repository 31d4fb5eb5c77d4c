"""What a run keeps as JSON: metrics, one object a line with `step` and figures, and settings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from edgebert.errors import EdgebertError
from edgebert.text_files import read_text, shown

METRICS = "metrics.jsonl"

_MOST_STEPS = 10**12


def read_metrics(path: Path) -> list[Mapping[str, Any]]:
    """The lines; a last one that was cut short is left out. None where there is no file.

    Raises:
        EdgebertError: a line is no object with a step.
    """
    if not path.exists():
        return []
    lines: list[Mapping[str, Any]] = []
    for number, line in enumerate(read_text(path).splitlines(keepends=True), 1):
        if not line.endswith("\n"):
            break
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        step = value.get("step") if isinstance(value, dict) else None
        if not (isinstance(value, dict) and type(step) is int and 0 <= step <= _MOST_STEPS):
            raise EdgebertError(f"{path}, line {number}: {shown(line)} is no line of metrics")
        lines.append(value)
    return lines


def flattened(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of nested objects by dotted name."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from flattened(inner, f"{name}.{key}" if name else str(key))
    else:
        yield name, value
