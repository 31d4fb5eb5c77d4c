"""Converts all 24 sizes to int8, each in a fresh process, and holds each to its limits.

Weights are drawn (`random_weights`). With `--tensorflow`, some sizes are also taken through
TensorFlow's converter (`tensorflow_twin`), compared in float32 and in speed.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from ai_edge_litert import schema_py_generated as schema
from rich.table import Table

from edgebert.benchmarking.memory import read_peak
from edgebert.benchmarking.system import System
from edgebert.bert.catalogue import CATALOGUE, VOCABULARY_BYTES
from edgebert.cli.console import stdout
from tools.fixtures.random_weights import convert_drawn, draw_checkpoint, find_size
from tools.studies.interleaved_timing import describe_cpu
from tools.studies.versus_tensorflow import ConverterComparison, versus_tensorflow

MOST_PARTITIONS = 2
LARGEST_SHARE = 0.27
"""Of the float32 weights; the vocabulary comes on top."""
LARGEST_BYTES = {"2/128": 4_750_000}
MOST_SECONDS = {"2/128": 0.3, "12/768": 5.0}
MOST_MEMORY = {"12/768": 2.5}
"""Peak of the process, Python and the drawn weights included, over the float32 weights."""


@dataclass(frozen=True)
class Row:
    """What became of it.

    Attributes:
        seconds: of the conversion, without the check of its result.
        peak_bytes: most memory the process held until that check.
        foreign_ops: ops that are no TFLite builtins.
        left_ops: ops that XNNPACK does not run.
    """

    size: str
    bytes: int
    float32_bytes: int
    seconds: float
    peak_bytes: int
    foreign_ops: tuple[str, ...]
    partitions: int
    left_ops: int
    mean_cosine: float

    @property
    def failures(self) -> list[str]:
        """The limits it breaks."""
        never = float("inf")
        room = LARGEST_SHARE * self.float32_bytes + VOCABULARY_BYTES
        checks = {
            f"ops: {', '.join(self.foreign_ops)}": not self.foreign_ops,
            "partitions": self.partitions <= MOST_PARTITIONS,
            "size": self.bytes <= min(room, LARGEST_BYTES.get(self.size, never)),
            "seconds": self.seconds < MOST_SECONDS.get(self.size, never),
            "memory": self.peak_bytes <= MOST_MEMORY.get(self.size, never) * self.float32_bytes,
        }
        return [what for what, kept in checks.items() if not kept]


def convert_size(size: str, statistics: Path) -> Row:
    """Draws and converts one size; to be run in a process of its own."""
    checkpoint = draw_checkpoint(size, statistics)
    peaks: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        # The check calls back after its first sentence, before it opens the file.
        report = convert_drawn(checkpoint, path, progress=lambda *_: peaks.append(_peak_bytes()))
        foreign_ops = _foreign_ops(path)
    return Row(
        size=size,
        bytes=report.bytes,
        float32_bytes=find_size(size).float32_bytes,
        seconds=report.seconds["build"] + report.seconds["write"],
        peak_bytes=peaks[0],
        foreign_ops=foreign_ops,
        partitions=report.delegation.partitions,
        left_ops=report.delegation.ops - report.delegation.delegated,
        mean_cosine=report.check.mean_cosine,
    )


def sweep(sizes: Sequence[str], statistics: Path) -> Iterator[Row]:
    """Converts one size after another, each in a fresh process."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1, maxtasksperchild=1) as pool:
        yield from pool.imap(partial(convert_size, statistics=statistics), sizes)


def _foreign_ops(path: Path) -> tuple[str, ...]:
    """Ops of a .tflite that are no builtins, as the file itself says."""
    model = schema.Model.GetRootAs(path.read_bytes())
    codes = [model.OperatorCodes(i) for i in range(model.OperatorCodesLength())]
    custom = schema.BuiltinOperator.CUSTOM
    return tuple(str(code.CustomCode()) for code in codes if code.BuiltinCode() == custom)


def _peak_bytes() -> int:
    """Most memory this process has held; `ru_maxrss` would include what its parent held."""
    return read_peak(System()).resident or 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("statistics", type=Path, help="of each tensor; see random_weights.py")
    parser.add_argument("--sizes", help="for example 2/128,12/768; default: all 24")
    parser.add_argument("--tensorflow", type=Path, metavar="PYTHON", help="that has TensorFlow")
    parser.add_argument("--tensorflow-sizes", default="2/128,4/256,2/768")
    parser.add_argument(
        "--pi", type=Path, metavar="CACHE", help="also count on the emulated Pi 5 built there"
    )
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    sizes = arguments.sizes.split(",") if arguments.sizes else [m.name for m in CATALOGUE]
    rows = list(sweep([find_size(size).name for size in sizes], arguments.statistics))
    races = [
        each
        for size in (arguments.tensorflow_sizes.split(",") if arguments.tensorflow else ())
        for each in versus_tensorflow(
            size, arguments.statistics, arguments.tensorflow, pi=arguments.pi
        )
    ]
    if arguments.json:
        figures = {
            name: [asdict(entry) | {"failures": entry.failures} for entry in entries]
            for name, entries in (("sizes", rows), ("tensorflow", races))
        }
        print(json.dumps({"cpu": describe_cpu(), **figures}, indent=1))
    else:
        show(rows, races)
    return int(any(entry.failures for entry in (*rows, *races)))


def show(rows: Sequence[Row], races: Sequence[ConverterComparison]) -> None:
    """Prints the tables."""
    console = stdout()
    headings = ("size", "MB", "share", "s", "peak MB", "share", "parts", "left", "cosine", "broken")
    console.print(
        _table(
            "int8 files and the peak memory of making them, each with its share of float32",
            headings,
            [
                (
                    row.size,
                    f"{row.bytes / 1e6:.2f}",
                    f"{row.bytes / row.float32_bytes:.3f}",
                    f"{row.seconds:.2f}",
                    f"{row.peak_bytes / 1e6:.0f}",
                    f"{row.peak_bytes / row.float32_bytes:.2f}",
                    str(row.partitions),
                    str(row.left_ops),
                    f"{row.mean_cosine:.4f}",
                    "; ".join(row.failures) or "✓",
                )
                for row in rows
            ],
        )
    )
    if races:
        console.print(
            _table(
                f"TensorFlow's converter over ours, one thread, {describe_cpu()}",
                ("size", "", "tokens", "time", "instructions", "difference", "broken"),
                [
                    (
                        each.size,
                        each.quantization,
                        str(each.tokens),
                        str(each.time),
                        "" if each.instructions is None else f"{each.instructions:.3f}x",
                        "" if each.difference is None else f"{each.difference:.1e}",
                        "; ".join(each.failures) or "✓",
                    )
                    for each in races
                ],
            )
        )


def _table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("size", "", "broken") else "right")
    for row in rows:
        table.add_row(*row)
    return table


if __name__ == "__main__":
    sys.exit(main())
