"""Accuracy of one classifier in float32, int8, int8-full and int16x8, on the same rows.

    python -m tools.studies.integer_classifier CHECKPOINT --data dev.tsv --calibration train.tsv

CHECKPOINT is a classifier as `edgebert convert` takes it (`fit_classifier` makes one on a
frozen encoder). Each line has the accuracy, its distance from float32 and the interval of that
distance (paired bootstrap, 95 %). Exits with 1 where int8-full is more than a point below float32.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import edgebert
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.cli.console import progress_bar
from edgebert.converter.convert_checkpoint import convert_checkpoint
from edgebert.converter.options import Options, RecipeName
from edgebert.converter.plan import plan
from edgebert.evaluation.bootstrap import Interval, draw, interval
from edgebert.evaluation.data import DataSet, open_data
from edgebert.evaluation.tally import Tally, observe
from edgebert.progress import Progress
from edgebert.runtime.model import Model

RECIPES: Sequence[RecipeName] = ("float32", "int8", "int8-full", "int16x8")
MAX_DROP = 0.01


@dataclass(frozen=True)
class Row:
    """How one file did.

    Attributes:
        metric: the data's first, accuracy of a classifier.
        difference: from the first file.
        bounds: of the difference.
        agreement: share of rows that were answered as by the first file.
    """

    metric: float
    difference: float
    bounds: Interval
    agreement: float


def main() -> int:
    """Converts, evaluates and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", help="a classifier")
    parser.add_argument("--data", type=Path, required=True, help="text and label, held out")
    parser.add_argument("--calibration", type=Path, help="text to take ranges from")
    parser.add_argument("--lengths", default="16,32,64", help="tokens of the graphs")
    parser.add_argument("--output", type=Path, help="keep the files in this folder")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", edgebert.TruncationWarning)
    with (
        tempfile.TemporaryDirectory() as folder,
        open_checkpoint(arguments.checkpoint) as checkpoint,
        progress_bar() as progress,
        ExitStack() as models,
    ):
        lengths = tuple(map(int, arguments.lengths.split(",")))
        output = arguments.output or Path(folder)
        output.mkdir(parents=True, exist_ok=True)
        data = open_data(arguments.data, "classify", multi_label=checkpoint.multi_label)
        paths = [
            convert(checkpoint, recipe, arguments.calibration, lengths, output, progress)
            for recipe in RECIPES
        ]
        loaded = [models.enter_context(edgebert.load(path)) for path in paths]
        rows = dict(zip(RECIPES, judge(loaded, data, progress), strict=True))
        sizes = dict(zip(RECIPES, (path.stat().st_size for path in paths), strict=True))
    print("| file | MB | accuracy | against float32 | same answers |\n|---|---|---|---|---|")
    for recipe, row in rows.items():
        low, high = row.bounds
        print(
            f"| {recipe} | {sizes[recipe] / 1e6:.2f} | {row.metric:.4f} | {row.difference:+.4f} "
            f"({low:+.4f} to {high:+.4f}) | {row.agreement:.1%} |"
        )
    return 0 if rows["int8-full"].difference >= -MAX_DROP else 1


def convert(
    checkpoint: Checkpoint,
    recipe: RecipeName,
    calibration: Path | None,
    lengths: Sequence[int],
    folder: Path,
    progress: Progress,
) -> Path:
    """Converts the classifier."""
    whole = recipe in ("int8-full", "int16x8")
    options = Options(
        task="classify",
        quantize=recipe,
        max_length=None if whole else max(lengths),
        lengths=lengths if whole else None,
        calibration=calibration if whole else None,
    )
    path = folder / f"{recipe}.tflite"
    convert_checkpoint(checkpoint, plan(options, checkpoint), path, force=True, progress=progress)
    return path


def judge(models: Sequence[Model], data: DataSet, progress: Progress) -> Iterator[Row]:
    """Puts every row of the data to every model; each is held against the first."""
    tallies, alike = [Tally() for _ in models], [0] * len(models)
    for seen in observe(models, data, progress):
        for at, (tally, one) in enumerate(zip(tallies, seen, strict=True)):
            tally.add(one)
            alike[at] += one.predicted == seen[0].predicted
    name, measure = next(iter(data.evaluator.metrics.items()))
    drawn = draw({name: measure}, [tally.figures() for tally in tallies])
    found = [measure(tally.figures()) for tally in tallies]
    for at, tally in enumerate(tallies):
        yield Row(
            metric=found[at],
            difference=found[at] - found[0],
            bounds=interval(drawn[at][name] - drawn[0][name]),
            agreement=alike[at] / tally.rows,
        )


if __name__ == "__main__":
    sys.exit(main())
