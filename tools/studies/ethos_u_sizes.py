"""Compiles all 24 sizes for Arm's Ethos-U by Vela, each in a fresh process.

    python -m tools.studies.ethos_u_sizes --statistics statistics.json    # make ethos-u-sizes

Weights are drawn (`random_weights`); what stays on the processor does not depend on them, and times
do so only by how well Vela packs them. A size fails where an Ethos-U85 does not run it whole, or a
smaller one leaves anything but GATHER to the processor.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edgebert.bert.catalogue import CATALOGUE
from edgebert.converter.convert_checkpoint import convert_checkpoint
from edgebert.converter.options import Options
from edgebert.converter.plan import plan
from edgebert.converter.vela import Compilation, compile_file
from edgebert.data import read_lines
from edgebert.errors import CheckFailedError
from edgebert.progress import silent
from tools.fixtures.random_weights import draw_checkpoint, find_size

LENGTH = 64
CALIBRATED = 32
PROCESSORS = ("ethos-u85-512", "ethos-u65-512", "ethos-u55-256")
LEFT = {"ethos-u85-512": frozenset[str]()}
"""What may stay on the processor."""


@dataclass(frozen=True)
class Row:
    """What became of a size: the compiled files, or why there are none."""

    size: str
    compiled: tuple[Compilation, ...] = ()
    refused: str = ""

    @property
    def failure(self) -> str:
        """What is not as it should be, if anything."""
        for each in self.compiled:
            allowed = LEFT.get(each.configuration, frozenset({"GATHER"}))
            if {*each.cpu_ops} - allowed or (not allowed and each.npu_ops != 1):
                return f"{each.configuration}: {each.npu_ops} operators, left {each.cpu_ops}"
        return self.refused

    @property
    def markdown(self) -> str:
        """A row of the table of docs/accelerators.md."""
        told = [
            f"{each.milliseconds:.2f} | {each.sram_kib:.0f} | {sum(each.cpu_ops.values())}"
            for each in self.compiled
        ]
        return f"| {self.size} | {self.compiled[0].bytes / 1e6:.1f} | {' | '.join(told)} |"


def compile_size(size: str, statistics: Path | None) -> Row:
    """Draws, converts and compiles one size; to be run in a process of its own."""
    warnings.simplefilter("ignore")
    checkpoint = draw_checkpoint(size, statistics)
    with tempfile.TemporaryDirectory() as folder:
        texts, path = Path(folder) / "texts.txt", Path(folder) / "model.tflite"
        texts.write_text("\n".join(read_lines("sentences.txt")[-CALIBRATED:]), encoding="utf-8")
        options = Options(quantize="int8-full", lengths=(LENGTH,), calibration=texts)
        try:
            convert_checkpoint(checkpoint, plan(options, checkpoint), path)
            compiled = [compile_file(path, each, silent, force=True) for each in PROCESSORS]
        except CheckFailedError as error:
            return Row(size, refused=str(error))
    return Row(size, tuple(compiled))


def sweep(sizes: Sequence[str], statistics: Path | None) -> Iterator[Row]:
    """Compiles one size after another, each in a fresh process."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1, maxtasksperchild=1) as pool:
        yield from pool.imap(partial(compile_size, statistics=statistics), sizes)


def main() -> int:
    """Prints the table; 1 where anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--statistics", type=Path, help="of each tensor; see random_weights.py")
    parser.add_argument("--sizes", help="for example 2/128,12/768; default: all 24")
    arguments = parser.parse_args()
    named = arguments.sizes.split(",") if arguments.sizes else [m.name for m in CATALOGUE]
    failed = False
    each = " | ".join(f"{name}, ms | SRAM KiB | left" for name in PROCESSORS)
    print(f"| size | MB | {each} |\n|{'---|' * (2 + 3 * len(PROCESSORS))}", flush=True)
    for row in sweep([find_size(name).name for name in named], arguments.statistics):
        if row.compiled:
            print(row.markdown, flush=True)
        if row.failure:
            print(f"{row.size}: {row.failure}", file=sys.stderr, flush=True)
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
