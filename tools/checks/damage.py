"""Damages model files at random and counts what becomes of each: refused, answered, crashed.

    python -m tools.checks.damage [FILE…] [--damages 1000]

Without a file: an int8 classifier, a float32 embedder and a full-integer classifier, converted from
`tests/data/reference`. Each damage changes 1 to 64 bytes of a file, one behind another or spread
over it. A child process opens and runs `_PER_CHILD` of them; one that dies is counted as a crash of
the file it was at. Ends with status 1 unless every damage was refused.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

import edgebert

_PER_CHILD = 50
_MOST_BYTES = 64

_REFERENCE = Path(__file__).parents[2] / "tests/data/reference"
_SOURCES = (
    ("hf_classifier_2x32", "int8"),
    ("st_embedder_2x32", "float32"),
    ("hf_classifier_2x32", "int8-full"),
)

_CHILD = """
import sys
import edgebert
for path in sys.argv[1:]:
    try:
        with edgebert.load(path) as model:
            model.reply("a text", *(["a pair"] if model.task == "answer" else []))
        what = "answered"
    except edgebert.EdgebertError as error:
        what = "refused" if "\\n" not in str(error) and path in str(error) else "unclear"
    except Exception as error:
        what = type(error).__name__
    print(what, flush=True)
"""


def damaged(data: bytes, random: np.random.Generator) -> bytes:
    """A copy of which 1 to 64 bytes are others."""
    changed = np.frombuffer(data, np.uint8).copy()
    count = int(random.integers(1, _MOST_BYTES + 1))
    if random.random() < 0.5:
        start = int(random.integers(0, len(data) - count))
        places = np.arange(start, start + count)
    else:
        places = random.choice(len(data), count, replace=False)
    changed[places] ^= random.integers(1, 256, count).astype(np.uint8)
    return changed.tobytes()


def try_out(file: Path, damages: int, seed: int = 0) -> dict[str, int]:
    """How many damaged copies of a file were refused, answered, or crashed the process."""
    random = np.random.default_rng(seed)
    data = file.read_bytes()
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for done in range(0, damages, _PER_CHILD):
            paths = []
            for number in range(min(_PER_CHILD, damages - done)):
                paths.append(Path(folder) / f"{number}.tflite")
                paths[-1].write_bytes(damaged(data, random))
            found.update(_outcomes(paths))
    return dict(found)


def _outcomes(paths: list[Path]) -> list[str]:
    outcomes: list[str] = []
    while len(outcomes) < len(paths):
        rest = [str(path) for path in paths[len(outcomes) :]]
        done = subprocess.run(
            [sys.executable, "-c", _CHILD, *rest], capture_output=True, text=True, check=False
        )
        outcomes += done.stdout.split()
        if done.returncode:
            outcomes.append(f"crashed ({done.returncode})")
    return outcomes


def converted(folder: Path) -> list[Path]:
    """Three files of different kinds."""
    files = []
    for source, quantize in _SOURCES:
        files.append(folder / f"{source}-{quantize}.tflite")
        edgebert.convert(_REFERENCE / source, files[-1], quantize=quantize)
    return files


def main() -> None:
    """Prints one JSON object a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--damages", type=int, default=1000)
    given = parser.parse_args()
    right = True
    with tempfile.TemporaryDirectory() as folder:
        for file in given.files or converted(Path(folder)):
            outcomes = try_out(file, given.damages)
            right &= outcomes == {"refused": given.damages}
            print(json.dumps({"file": str(file), "damages": given.damages, **outcomes}))
    sys.exit(not right)


if __name__ == "__main__":
    main()
