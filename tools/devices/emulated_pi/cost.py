"""Instructions an answer on emulated Raspberry Pis, held against the committed figures.

Fails (exit 1) where an answer costs more than 2 % above them. The figures are in `cost.json`;
`docs/pi_cost.md` is the same as a table, and written by `--update`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import edgebert
from edgebert.checkpoints.sources import MINILM
from edgebert.converter.options import RecipeName, RuntimeName
from tools.devices.emulated_pi.boards import COUNTED
from tools.devices.emulated_pi.count import count
from tools.devices.emulated_pi.root import EmulatedPi, default_cache
from tools.docs.pages import write_between_marks
from tools.fixtures.random_weights import convert_drawn, draw_checkpoint

LIMIT = 1.02
"""Times the committed figure; counts of one file repeat to 0.1 %."""

FIGURES = Path(__file__).with_name("cost.json")
PAGE = Path(__file__).parents[3] / "docs/pi_cost.md"


@dataclass(frozen=True)
class Subject:
    """A model to count.

    Attributes:
        size: of the catalogue, for random weights; None: all-MiniLM-L6-v2 as its package has it.
        tokens: lengths.
        onnx: name of the file for ONNX Runtime, int8 too.
        quantize: its recipe.
        runtime: that the file is for.
    """

    name: str
    size: str | None
    tokens: tuple[int, ...]
    onnx: str
    quantize: RecipeName = "int8"
    runtime: RuntimeName = "litert"


SUBJECTS = (
    Subject("2/128 classifier", "2/128", (32, 128), "tiny.int8.onnx"),
    Subject("4/256 classifier", "4/256", (32, 128), "mini.int8.onnx"),
    Subject("4/512 classifier", "4/512", (32, 128), "small.int8.onnx"),
    Subject("MiniLM embedder", None, (24, 128), "minilm.int8.onnx"),
    Subject("2/128 static", "2/128", (32, 128), "tiny.int8.onnx", "int8-static"),
    Subject("4/256 static", "4/256", (32, 128), "mini.int8.onnx", "int8-static"),
    Subject("MiniLM static", None, (24, 128), "minilm.int8.onnx", "int8-static"),
    Subject("MiniLM fine", None, (24, 128), "minilm.int8.onnx", "int8-fine"),
    Subject("2/128 for LiteRT 2.2", "2/128", (32, 128), "tiny.int8.onnx", runtime="litert-2.2"),
    Subject("MiniLM for LiteRT 2.2", None, (24, 128), "minilm.int8.onnx", runtime="litert-2.2"),
)


@dataclass(frozen=True)
class Cost:
    """Instructions of one answer; `onnxruntime` is None where no file was given."""

    model: str
    board: str
    tokens: int
    edgebert: int
    onnxruntime: int | None = None

    @property
    def key(self) -> tuple[str, str, int]:
        """What it is a cost of."""
        return self.model, self.board, self.tokens


def measure(
    subject: Subject,
    pi: EmulatedPi,
    statistics: Path | None,
    onnx: Path | None,
    boards: Sequence[str] = COUNTED,
) -> Iterator[Cost]:
    """Converts a model and counts it on each board.

    Args:
        subject: the model.
        pi: boards.
        statistics: see `random_weights.draw_checkpoint`.
        onnx: file for ONNX Runtime; None: only edgebert is counted.
        boards: to count on.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        if subject.size is None:
            edgebert.convert(MINILM, path, quantize=subject.quantize, runtime=subject.runtime)
        elif statistics is not None:
            checkpoint = draw_checkpoint(subject.size, statistics)
            convert_drawn(checkpoint, path, quantize=subject.quantize, runtime=subject.runtime)
        for board in boards:
            ours = count(pi, board, path, subject.tokens)
            theirs = count(pi, board, onnx, subject.tokens) if onnx else [None] * len(ours)
            for our, their in zip(ours, theirs, strict=True):
                yield Cost(
                    subject.name,
                    board,
                    our.tokens,
                    our.instructions,
                    their.instructions if their else None,
                )


def dearer(found: Sequence[Cost], committed: Mapping[tuple[str, str, int], Cost]) -> list[str]:
    """One line for each answer that costs too much more than the committed figure."""
    return [
        f"{cost.model}, {cost.tokens} tokens, {cost.board}: {cost.edgebert / 1e6:.3f} million "
        f"instructions, {cost.edgebert / old.edgebert - 1:.1%} above the committed "
        f"{old.edgebert / 1e6:.3f}"
        for cost in found
        if (old := committed.get(cost.key)) and cost.edgebert > LIMIT * old.edgebert
    ]


def merge(found: Sequence[Cost], committed: Mapping[tuple[str, str, int], Cost]) -> list[Cost]:
    """New figures in place of old ones; what was not counted this time stays."""
    merged = dict(committed)
    for cost in found:
        old = committed.get(cost.key)
        keep = cost.onnxruntime is None and old is not None
        merged[cost.key] = replace(cost, onnxruntime=old.onnxruntime) if keep and old else cost
    return list(merged.values())


def table(costs: Sequence[Cost]) -> str:
    """Million instructions, as a Markdown table."""
    lines = [
        "| model | tokens | board | edgebert | ONNX Runtime int8 | edgebert / ONNX Runtime |",
        "|---|---|---|---|---|---|",
    ]
    for cost in costs:
        theirs = ("–", "–")
        if cost.onnxruntime:
            theirs = (
                f"{cost.onnxruntime / 1e6:.3f}",
                f"{cost.edgebert / cost.onnxruntime:.2f}",
            )
        cells = (cost.model, cost.tokens, cost.board, f"{cost.edgebert / 1e6:.3f}", *theirs)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def read_figures(path: Path = FIGURES) -> dict[tuple[str, str, int], Cost]:
    """The committed figures; none where there is no file yet."""
    costs = [Cost(**row) for row in json.loads(path.read_text())] if path.exists() else []
    return {cost.key: cost for cost in costs}


def write_figures(costs: Sequence[Cost]) -> None:
    """Writes the figures, and the table between the marks of the page."""
    FIGURES.write_text(json.dumps([asdict(cost) for cost in costs], indent=1) + "\n")
    write_between_marks(PAGE, "figures", table(costs))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "statistics", nargs="?", type=Path, help="mean and deviation of each tensor, as JSON"
    )
    parser.add_argument("--onnx", type=Path, help="folder with int8 models for ONNX Runtime")
    parser.add_argument(
        "--model", choices=[s.name for s in SUBJECTS], action="append", help="default: all"
    )
    parser.add_argument("--board", choices=COUNTED, action="append", help="default: all")
    parser.add_argument("--update", action="store_true", help="commit to what is found")
    parser.add_argument("--cache", type=Path, default=default_cache())
    arguments = parser.parse_args()
    found: list[Cost] = []
    for subject in SUBJECTS:
        if arguments.model and subject.name not in arguments.model:
            continue
        if subject.size and arguments.statistics is None:
            print(f"{subject.name}: left out, STATISTICS is not given", file=sys.stderr)
            continue
        onnx = arguments.onnx and arguments.onnx / subject.onnx
        if onnx is not None and not onnx.exists():
            print(f"{subject.name}: {onnx} is not there; not compared", file=sys.stderr)
            onnx = None
        pi = EmulatedPi(arguments.cache)
        boards = arguments.board or COUNTED
        found += measure(subject, pi, arguments.statistics, onnx, boards)
    committed = read_figures()
    print(table(found))
    if arguments.update:
        write_figures(merge(found, committed))
        return 0
    too_dear = dearer(found, committed)
    print("\n".join(too_dear) or "nothing costs more than 2 % above the committed figures")
    return 1 if too_dear else 0


if __name__ == "__main__":
    sys.exit(main())
