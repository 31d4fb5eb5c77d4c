"""Counts the instructions that a model takes an invoke on an emulated Raspberry Pi, one thread.

Repeats differ by about 0.1 %, whatever else the machine does, so two files can be compared
by one run. An instruction is no cycle: compare with it, and quote times from a real board.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.devices.emulated_pi.boards import COUNTED
from tools.devices.emulated_pi.guest import EMPTY
from tools.devices.emulated_pi.root import EmulatedPi, default_cache

_HERE = Path(__file__).parent
_ENGINES = {".tflite": "ai-edge-litert", ".onnx": "onnxruntime"}
"""Packages by the ending of the model."""


@dataclass(frozen=True)
class Count:
    """Instructions of one invoke."""

    board: str
    model: str
    tokens: int
    instructions: int


def count(
    pi: EmulatedPi,
    board: str,
    model: Path,
    tokens: Sequence[int],
    *,
    seed: int = 0,
    vocabulary_size: int = 30_522,
) -> list[Count]:
    """Runs the model at each length of `tokens` and counts one invoke, the first ones left out.

    Ids are drawn with `seed` from the whole words of the vocabulary.

    Raises:
        RuntimeError: the model did not run; with what was printed.
    """
    ran = pi.run(
        board,
        [_HERE / "guest.py", model.resolve(), *map(str, (seed, vocabulary_size, *tokens))],
        sites=[pi.site(_ENGINES[model.suffix])],
        plugin=build_plugin(pi.cache),
    )
    between = read_marks(ran, (EMPTY, *tokens), f"{model} on {board}")
    return [Count(board, str(model), n, between[n] - between[EMPTY]) for n in tokens]


def read_marks(
    ran: subprocess.CompletedProcess[str], wanted: Iterable[int], what: str
) -> dict[int, int]:
    """Instructions between two marks of a number, the least of them, from what the plugin printed.

    Args:
        ran: the program.
        wanted: numbers that have to be there.
        what: ran, for the error.

    Raises:
        RuntimeError: the program failed, or a mark is missing; with what was printed.
    """
    marks = defaultdict(list)
    for line in ran.stderr.splitlines():
        if line.startswith("icount "):
            _, number, executed = line.split()
            marks[int(number)].append(int(executed))
    if ran.returncode or not all(number in marks for number in wanted):
        raise RuntimeError(f"{what}: exit status {ran.returncode}\n{ran.stderr}")
    return {
        number: min(after - before for before, after in itertools.pairwise(at))
        for number, at in marks.items()
    }


def build_plugin(cache: Path) -> Path:
    """Compiles the plugin, if it is not there yet."""
    source, plugin = _HERE / "icount.c", cache / "icount.so"
    if not plugin.exists() or plugin.stat().st_mtime < source.stat().st_mtime:
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run(["gcc", "-O2", "-fPIC", "-shared", "-o", plugin, source], check=True)
    return plugin


def table(counts: Sequence[Count]) -> str:
    """Million instructions, one column a model, with the ratio to the first one."""
    models = list(dict.fromkeys(c.model for c in counts))
    by_key = {(c.board, c.tokens, c.model): c.instructions for c in counts}
    width = max(18, *map(len, models))
    lines = ["board  tokens" + "".join(f"  {model:>{width}}" for model in models)]
    for board, tokens in dict.fromkeys((c.board, c.tokens) for c in counts):
        first = by_key[board, tokens, models[0]]
        cells = [f"{by_key[board, tokens, models[0]] / 1e6:.3f}"]
        cells += [
            f"{n / 1e6:.3f} ({n / first:.2f}x)"
            for n in (by_key[board, tokens, model] for model in models[1:])
        ]
        lines.append(f"{board:5}  {tokens:6}" + "".join(f"  {cell:>{width}}" for cell in cells))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", type=Path, metavar="MODEL")
    parser.add_argument("--onnx", action="append", type=Path, default=[], metavar="FILE")
    parser.add_argument("--board", choices=COUNTED, action="append", help="default: pi5")
    parser.add_argument("--tokens", default="16,32,128", help="lengths, default 16,32,128")
    parser.add_argument("--seed", type=int, default=0, help="of the ids")
    parser.add_argument("--vocabulary-size", type=int, default=30_522)
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    pi = EmulatedPi(arguments.cache)
    counts = [
        each
        for board in arguments.board or ["pi5"]
        for model in (*arguments.models, *arguments.onnx)
        for each in count(
            pi,
            board,
            model,
            [int(n) for n in arguments.tokens.split(",")],
            seed=arguments.seed,
            vocabulary_size=arguments.vocabulary_size,
        )
    ]
    if arguments.json:
        json.dump([asdict(c) for c in counts], sys.stdout, indent=1)
    else:
        print(table(counts))


if __name__ == "__main__":
    main()
