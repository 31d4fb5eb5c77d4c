"""What int8-static saves in every size of the catalogue, and in that of the classifier that ships.

In instructions on an emulated board. Weights are random, distributed like the released ones: what
accuracy it costs, real models tell. Fails (exit 1) where less than a tenth is saved.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgebert.bert.catalogue import CATALOGUE
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.options import Options, RecipeName
from edgebert.converter.plan import plan, trim
from edgebert.converter.recipe import BuildAids
from edgebert.converter.write_file import write_graph
from edgebert.model_file.packaged import packaged_path
from edgebert.model_file.read import read_model_file
from tools.devices.emulated_pi.boards import COUNTED
from tools.devices.emulated_pi.count import count
from tools.devices.emulated_pi.root import EmulatedPi, default_cache
from tools.docs.pages import write_between_marks
from tools.fixtures.random_weights import draw_checkpoint, find_size

RECIPES: tuple[RecipeName, RecipeName] = ("int8", "int8-static")
SHIPPED = "intents"
LEAST_SAVED = 0.1
PAGE = Path(__file__).parents[2] / "docs/static_int8.md"


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

    def __str__(self) -> str:
        """A row of the table, in millions."""
        cells = (f"{self.dynamic / 1e6:.3f}", f"{self.static / 1e6:.3f}", f"{self.change:+.1%}")
        return f"| {self.size} | {self.tokens} | {' | '.join(cells)} |"


def savings(
    sizes: Sequence[str], statistics: Path, pi: EmulatedPi, board: str, tokens: Sequence[int]
) -> Iterator[Saving]:
    """Converts each size twice and counts it at each length.

    Args:
        sizes: such as `2/128`, or `SHIPPED`.
        statistics: see `random_weights.draw_checkpoint`.
        pi: boards.
        board: to count on.
        tokens: lengths.
    """
    for size in sizes:
        drawn = _shipped(statistics) if size == SHIPPED else draw_checkpoint(size, statistics)
        checkpoint = trim(drawn, max(tokens))
        pieces, counted = len(checkpoint.vocabulary), []
        with tempfile.TemporaryDirectory() as folder:
            for recipe in RECIPES:
                path = Path(folder) / f"{recipe}.tflite"
                write_unchecked(checkpoint, recipe, path)
                counts = count(pi, board, path, tokens, vocabulary_size=pieces)
                counted.append([each.instructions for each in counts])
        for length, dynamic, static in zip(tokens, *counted, strict=True):
            yield Saving(size, length, dynamic, static)


def _shipped(statistics: Path) -> Checkpoint:
    """Random weights with the pieces and labels of the classifier that ships."""
    file = read_model_file(packaged_path(SHIPPED))
    drawn = draw_checkpoint("2/128", statistics, labels=len(file.record.labels or ()))
    words = drawn.weights["embeddings.word"][: len(file.vocabulary)]
    return replace(
        drawn,
        config=replace(drawn.config, vocab_size=len(words)),
        weights={**drawn.weights, "embeddings.word": words},
        vocabulary=file.vocabulary,
    )


def write_unchecked(checkpoint: Checkpoint, recipe: RecipeName, path: Path) -> None:
    """Writes the graph that `edgebert.convert` would, without comparing its answers."""
    conversion = plan(Options(quantize=recipe), checkpoint)
    tokenizer = checkpoint.make_tokenizer(conversion.max_length)
    built = conversion.graphs.build(checkpoint, conversion.head, BuildAids(tokenizer))
    write_graph(path, checkpoint, conversion, built)


def table(found: Sequence[Saving], board: str) -> str:
    """Million instructions, as a Markdown table."""
    lines = [
        f"| size | tokens | {' | '.join(RECIPES)} on {board} | change |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *map(str, found)])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("statistics", type=Path, help="mean and deviation of each tensor, as JSON")
    parser.add_argument("--sizes", help=f"such as 2/128,{SHIPPED}; default: all")
    parser.add_argument("--board", choices=COUNTED, default="pi5")
    parser.add_argument("--tokens", default="32", help="lengths, default 32")
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--publish", action="store_true", help=f"write into {PAGE.name}")
    arguments = parser.parse_args()
    named = [SHIPPED, *(each.name for each in CATALOGUE)]
    if arguments.sizes:
        named = arguments.sizes.split(",")
    sizes = [name if name == SHIPPED else find_size(name).name for name in named]
    tokens = [int(length) for length in arguments.tokens.split(",")]
    pi = EmulatedPi(arguments.cache)
    found = []
    for row in savings(sizes, arguments.statistics, pi, arguments.board, tokens):
        found.append(row)
        print(row, file=sys.stderr, flush=True)
    print(table(found, arguments.board))
    if arguments.publish:
        write_between_marks(PAGE, "sizes", table(found, arguments.board))
    return int(any(row.change > -LEAST_SAVED for row in found))


if __name__ == "__main__":
    sys.exit(main())
