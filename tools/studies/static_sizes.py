"""What int8-static saves in every size of the catalogue, in instructions on an emulated board.

Weights are random, distributed like the released ones: what accuracy it costs, real models tell.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgebert.bert.catalogue import CATALOGUE
from edgebert.converter.options import RecipeName
from tools.devices.emulated_pi.boards import COUNTED
from tools.devices.emulated_pi.count import count
from tools.devices.emulated_pi.root import EmulatedPi, default_cache
from tools.fixtures.random_weights import convert_drawn, draw_checkpoint, find_size

RECIPES: tuple[RecipeName, RecipeName] = ("int8", "int8-static")


@dataclass(frozen=True)
class Saving:
    """Instructions of one answer as `int8` and as `int8-static`."""

    size: str
    tokens: int
    dynamic: int
    static: int

    @property
    def change(self) -> float:
        """Relative: -0.1 is a tenth less."""
        return self.static / self.dynamic - 1


def savings(
    sizes: Sequence[str], statistics: Path, pi: EmulatedPi, board: str, tokens: Sequence[int]
) -> Iterator[Saving]:
    """Converts each size twice and counts it at each length.

    Args:
        sizes: such as `2/128`.
        statistics: see `random_weights.draw_checkpoint`.
        pi: boards.
        board: to count on.
        tokens: lengths.
    """
    for size in sizes:
        counted = []
        with tempfile.TemporaryDirectory() as folder:
            checkpoint = draw_checkpoint(size, statistics)
            for recipe in RECIPES:
                path = Path(folder) / f"{recipe}.tflite"
                convert_drawn(checkpoint, path, quantize=recipe)
                counted.append([each.instructions for each in count(pi, board, path, tokens)])
        for length, dynamic, static in zip(tokens, *counted, strict=True):
            yield Saving(size, length, dynamic, static)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("statistics", type=Path, help="mean and deviation of each tensor, as JSON")
    parser.add_argument("--sizes", help="such as 2/128,4/256; default: all")
    parser.add_argument("--board", choices=COUNTED, default="pi5")
    parser.add_argument("--tokens", default="32", help="lengths, default 32")
    parser.add_argument("--cache", type=Path, default=default_cache())
    arguments = parser.parse_args()
    named = arguments.sizes.split(",") if arguments.sizes else [each.name for each in CATALOGUE]
    sizes = [find_size(name).name for name in named]
    tokens = [int(length) for length in arguments.tokens.split(",")]
    print(f"| size | tokens | {' | '.join(RECIPES)} on {arguments.board} | change |")
    print("|---|---|---|---|---|")
    pi = EmulatedPi(arguments.cache)
    for row in savings(sizes, arguments.statistics, pi, arguments.board, tokens):
        print(
            f"| {row.size} | {row.tokens} | {row.dynamic / 1e6:.3f} | {row.static / 1e6:.3f} "
            f"| {row.change:+.1%} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
