"""Runs a job on the machine it is on: `python -m edgebert.benchmarking JOB.json`.

Each line on stdout is one JSON object: {"event": "progress", …} while it goes on, and at the end
{"event": "result", "result": {…}}, or {"event": "error", "message": one line} with exit status 2.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgebert.benchmarking.job import BenchmarkJob
from edgebert.benchmarking.measure import measure
from edgebert.errors import EdgebertError

_WRONG_INPUT = 2


def main(arguments: Sequence[str]) -> int:
    """Runs the job in the file that is named."""
    if len(arguments) != 1:
        _print({"event": "error", "message": "usage: python -m edgebert.benchmarking JOB.json"})
        return _WRONG_INPUT
    path = Path(arguments[0])
    try:
        result = measure(BenchmarkJob.from_json(_read(path)), _print_progress)
    except (EdgebertError, OSError) as error:
        _print({"event": "error", "message": str(error)})
        return _WRONG_INPUT
    _print({"event": "result", "result": result.to_json()})
    return 0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise EdgebertError(f"{path}: cannot read: {error.strerror}") from error


def _print_progress(done: int, total: int | None, description: str) -> None:
    _print({"event": "progress", "done": done, "total": total, "what": description})


def _print(event: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
