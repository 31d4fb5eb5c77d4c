"""Converts all 24 sizes to full-integer files, each in a fresh process, and looks for what breaks.

    python -m tools.studies.integer_sweep statistics.json     # make integer-sweep STATISTICS=…

Weights are drawn (`random_weights`). A size fails where a value is not finite, where values lose
more than a hundredth of their numbers to the ends of their types, or where the file is refused.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from edgebert.bert.catalogue import CATALOGUE
from edgebert.converter.convert_checkpoint import convert_checkpoint
from edgebert.converter.full_integer.quality import ValueQuality
from edgebert.converter.options import Options, RecipeName
from edgebert.converter.plan import plan
from edgebert.data import read_lines
from edgebert.errors import CheckFailedError
from tools.fixtures.random_weights import draw_checkpoint, find_size

LENGTH = 32
CALIBRATED = 48
MOST_SATURATED = 0.01
"""In the mean of all values: in one with a single number a text, some of the few texts that are
measured go a little beyond what the few that calibrate reached."""
CUT_ON_PURPOSE = (".masked",)
"""Scores so low that no probability comes of them are cut off."""


@dataclass(frozen=True)
class Row:
    """What became of a size.

    Attributes:
        cosine: of the outputs with float32.
        worst: the value with the lowest cosine.
        saturated: the value that lost most to the ends of its type.
        failure: what broke; empty where nothing did.
    """

    size: str
    megabytes: float
    seconds: float
    cosine: float
    worst: str
    saturated: str
    failure: str


def convert_size(size: str, statistics: Path, recipe: RecipeName) -> Row:
    """Draws and converts one size; to be run in a process of its own."""
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    checkpoint = draw_checkpoint(size, statistics)
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder) / "texts.txt"
        texts.write_text("\n".join(read_lines("sentences.txt")[-CALIBRATED:]), encoding="utf-8")
        options = Options(quantize=recipe, lengths=(LENGTH,), calibration=texts)
        conversion = plan(options, checkpoint)
        try:
            report = convert_checkpoint(checkpoint, conversion, Path(folder) / "model.tflite")
        except CheckFailedError as error:
            return Row(size, 0, time.perf_counter() - start, 0, "", "", str(error))
    assert report.quantization is not None  # noqa: S101 - a full-integer file has one
    last = report.quantization.steps[-1]
    worst = min(last.values, key=lambda value: value.cosine)
    judged = [value for value in last.values if not value.name.endswith(CUT_ON_PURPOSE)]
    saturated = max(judged, key=lambda value: value.saturated)
    return Row(
        size=size,
        megabytes=report.bytes / 1e6,
        seconds=time.perf_counter() - start,
        cosine=last.cosine,
        worst=f"{worst.cosine:.4f} {worst.name}",
        saturated=f"{saturated.saturated:.5f} {saturated.name}",
        failure=failure(judged),
    )


def failure(values: Sequence[ValueQuality]) -> str:
    """What broke, if anything."""
    for value in values:
        numbers = (value.scale, value.minimum, value.maximum, value.cosine)
        if not np.isfinite(numbers).all():
            return f"{value.name} is not finite"
    share = float(np.mean([value.saturated for value in values]))
    return f"{share:.1%} of all numbers are cut off" if share > MOST_SATURATED else ""


def sweep(sizes: Sequence[str], statistics: Path, recipe: RecipeName) -> Iterator[Row]:
    """Converts one size after another, each in a fresh process."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1, maxtasksperchild=1) as pool:
        yield from pool.imap(partial(convert_size, statistics=statistics, recipe=recipe), sizes)


def main() -> int:
    """Prints the table; 1 where anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("statistics", type=Path, help="of each tensor; see random_weights.py")
    parser.add_argument("--sizes", help="for example 2/128,12/768; default: all 24")
    parser.add_argument("--quantize", default="int8-full", choices=("int8-full", "int16x8"))
    arguments = parser.parse_args()
    named = arguments.sizes.split(",") if arguments.sizes else [m.name for m in CATALOGUE]
    rows = []
    for row in sweep([find_size(n).name for n in named], arguments.statistics, arguments.quantize):
        rows.append(row)
        print(f"{row.size}: {row.failure or 'good'}", file=sys.stderr, flush=True)
    table = Table(title=f"{arguments.quantize}, {LENGTH} tokens", title_justify="left")
    for heading in ("size", "MB", "s", "cosine", "worst value", "most cut off", "broken"):
        table.add_column(heading)
    for row in rows:
        figures = (f"{row.megabytes:.1f}", f"{row.seconds:.0f}", f"{row.cosine:.4f}")
        table.add_row(row.size, *figures, row.worst, row.saturated, row.failure or "✓")
    Console(width=150).print(table)
    return int(any(row.failure for row in rows))


if __name__ == "__main__":
    sys.exit(main())
