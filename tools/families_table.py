"""Times the published shapes of other families beside the nearest of the 24 and beside float32.

    python -m tools.families_table [NAME ...] [--rounds 30]

Weights are random and seeded: sizes and times do not depend on them. Every figure is of a classifier
of two labels, on one thread; the models of a row take turns, answer by answer.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

import edgebert
from edgebert.bert.catalogue import find
from edgebert.bert.config import BertConfig
from edgebert.bert.relatives import RELATIVES
from edgebert.bert.tasks import TASKS
from edgebert.bert.weights import encoder_shapes, head_shapes
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.vocabulary import read_vocabulary
from edgebert.converter.convert import convert_checkpoint
from edgebert.converter.plan import Options, plan
from edgebert.converter.recipes import RecipeName
from edgebert.converter.report import ConversionReport
from tools.random_weights import VOCABULARY

LENGTHS = (32, 128)
LABELS = 2
SHAPES = ("DistilBERT", "TinyBERT-4", "TinyBERT-6", "ALBERT-base", "ELECTRA-Small", "MobileBERT")
HEADER = (
    "| model | parameters | int8 file | conversion | check | cosine | 32 tokens | 128 tokens "
    "| nearest | of its time at 32 / 128 | of float32's time at 32 / 128 |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=SHAPES, metavar="NAME")
    parser.add_argument("--rounds", type=int, default=30, help="answers of each model")
    args = parser.parse_args()
    print(HEADER, flush=True)
    known = {model.name: model for model in RELATIVES}
    for name in args.names:
        relative = known[name]
        nearest = find(relative.nearest)
        assert nearest is not None
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            report = converted(relative.config, "int8", folder / "int8.tflite")
            converted(relative.config, "float32", folder / "float32.tflite")
            converted(nearest.config, "int8", folder / "nearest.tflite")
            times = {length: taken(folder, length, args.rounds) for length in LENGTHS}
        print(row(name, relative.parameters, report, relative.nearest, times), flush=True)


def converted(config: BertConfig, quantize: RecipeName, path: Path) -> ConversionReport:
    """Converts a classifier with random weights."""
    checkpoint = draw(config)
    return convert_checkpoint(checkpoint, plan(Options(quantize=quantize), checkpoint), path)


def draw(config: BertConfig, seed: int = 0) -> Checkpoint:
    """A classifier with weights spread as those of a fresh BERT, and norms near 1."""
    random = np.random.default_rng(seed)
    shapes = dict(encoder_shapes(config))
    for head in TASKS["classify"].needs(config):
        shapes |= head_shapes(head, config)
    weights = {}
    for name, shape in shapes.items():
        sizes = tuple(LABELS if size == -1 else size for size in shape)
        values = random.standard_normal(sizes, np.float32) * np.float32(0.05)
        weights[name] = values + 1 if name.endswith("norm.weight") else values
    return Checkpoint(
        config=config,
        weights=weights,
        vocabulary=read_vocabulary(VOCABULARY)[: config.vocab_size],
        task="classify",
        source=f"random weights, seed {seed}",
        format="random",
    )


def taken(folder: Path, length: int, rounds: int) -> Mapping[str, Sequence[float]]:
    """Milliseconds of each answer of each model, which take turns."""
    models = {path.stem: edgebert.load(path) for path in sorted(folder.glob("*.tflite"))}
    ids = [101, *(1000 + 37 * at % 20_000 for at in range(length - 2)), 102]
    times: dict[str, list[float]] = {name: [] for name in models}
    for turn in range(rounds + 3):
        for name, model in models.items():
            start = time.perf_counter()
            model.run_ids(ids)
            if turn >= 3:  # the first answers set the interpreter up
                times[name].append(1e3 * (time.perf_counter() - start))
    for model in models.values():
        model.close()
    return times


def row(
    name: str,
    parameters: int,
    report: ConversionReport,
    nearest: str,
    times: Mapping[int, Mapping[str, Sequence[float]]],
) -> str:
    """One line of the table."""
    seconds = report.seconds
    cells = [
        name,
        f"{parameters / 1e6:.1f} M",
        f"{report.bytes / 1e6:.2f} MB",
        f"{seconds['build'] + seconds['write']:.1f} s",
        f"{seconds['check']:.0f} s",
        f"{report.check.mean_cosine:.5f}",
        *(f"{statistics.median(times[length]['int8']):.2f} ms" for length in LENGTHS),
        nearest,
        *(
            " / ".join(f"{ratio(times[length], other):.2f}" for length in LENGTHS)
            for other in ("nearest", "float32")
        ),
    ]
    return f"| {' | '.join(cells)} |"


def ratio(times: Mapping[str, Sequence[float]], other: str) -> float:
    """Median over the turns of the int8 model's time by another's in the same turn."""
    return statistics.median(
        mine / theirs for mine, theirs in zip(times["int8"], times[other], strict=True)
    )


if __name__ == "__main__":
    main()
