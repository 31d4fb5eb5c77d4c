"""Accuracy of one classifier in float32, int8, int8-full and int16x8.

    python -m tools.integer_classifier --train SST-2/train.tsv --dev SST-2/dev.tsv

The body is all-MiniLM-L6-v2, frozen; on its [CLS] vectors a pooler (each channel scaled, then tanh)
and a linear classifier are fitted in numpy. Full-integer files are calibrated on texts of the
training part. Exits with 1 where int8-full is more than one point below float32.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

import edgebert
from edgebert.bert.weights import Array
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.converter.convert import convert_checkpoint
from edgebert.converter.full_integer.plan import IntegerOptions
from edgebert.converter.plan import Options, plan
from edgebert.converter.recipes import RecipeName
from edgebert.evaluate.data import open_data
from edgebert.evaluate.evaluate import evaluate
from edgebert.evaluate.readers import Row, read_rows
from tools.linear_heads import Scaling, adam, softmax, with_ones

SOURCE = "all-minilm-l6-v2"
LABELS = ("0", "1")
RECIPES: Sequence[RecipeName] = ("float32", "int8", "int8-full", "int16x8")
MOST_TRAINED, CALIBRATED = 4000, 256
BEND = np.float32(0.3)
"""A deviation from the mean goes into the pooler's tanh as this."""
MAX_DROP = 0.01


def main() -> int:
    """Trains, converts and evaluates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", type=Path, required=True, help="sentence and label, TSV")
    parser.add_argument("--dev", type=Path, required=True, help="the same, held out")
    parser.add_argument("--recipes", default=",".join(RECIPES))
    parser.add_argument("--output", type=Path, help="keep the files in this folder")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", edgebert.TruncationWarning)
    every = itertools.islice(read_rows(arguments.train), None, None, 15)
    rows = list(itertools.islice(every, MOST_TRAINED))
    accuracies = {}
    with tempfile.TemporaryDirectory() as folder, open_checkpoint(SOURCE) as checkpoint:
        output = arguments.output or Path(folder)
        output.mkdir(parents=True, exist_ok=True)
        texts = output / "calibration.txt"
        texts.write_text("\n".join(row.text for row in rows[:CALIBRATED]), encoding="utf-8")
        head = train(checkpoint, rows, Path(folder))
        trained = replace(
            checkpoint, weights={**checkpoint.weights, **head}, labels=LABELS, task="classify"
        )
        for recipe in arguments.recipes.split(","):
            start = time.perf_counter()
            path = convert(trained, recipe, texts, output / f"{recipe}.tflite")
            accuracies[recipe] = accuracy(path, arguments.dev)
            print(
                f"{recipe}: accuracy {accuracies[recipe]:.4f}, {path.stat().st_size / 1e6:.2f} MB "
                f"({time.perf_counter() - start:.0f} s)",
                flush=True,
            )
    lost = accuracies.get("float32", 0) - accuracies.get("int8-full", 1)
    return 0 if lost <= MAX_DROP else 1


def train(checkpoint: Checkpoint, rows: Sequence[Row], folder: Path) -> dict[str, Array]:
    """Pooler and classifier."""
    options = Options(task="embed", quantize="float32", pooling="cls", normalize=False)
    path = folder / "encoder.tflite"
    convert_checkpoint(checkpoint, plan(options, checkpoint), path)
    with edgebert.load(path) as model:
        vectors = np.stack(list(model.batch(row.text for row in rows)))
    labels = np.array([LABELS.index(row.label) for row in rows])
    scaling = Scaling.of(vectors)
    pooler = np.diag(BEND / scaling.deviation).astype(np.float32)
    bias = (-BEND * scaling.mean / scaling.deviation).astype(np.float32)
    table = with_ones(np.tanh(vectors @ pooler.T + bias))

    def gradient(weight: Array, batch: npt.NDArray[np.int64]) -> Array:
        error = softmax(table[batch] @ weight, axis=1)
        error[np.arange(len(batch)), labels[batch]] -= 1
        slope: Array = table[batch].T @ error / np.float32(len(batch))
        return slope

    weight = adam(gradient, (table.shape[1], len(LABELS)), len(table), epochs=30)
    return {
        "pooler.weight": pooler,
        "pooler.bias": bias,
        "classifier.weight": np.ascontiguousarray(weight[:-1].T),
        "classifier.bias": weight[-1].copy(),
    }


def convert(checkpoint: Checkpoint, recipe: RecipeName, texts: Path, path: Path) -> Path:
    """Converts the classifier; full-integer files for 64 tokens."""
    whole = recipe in ("int8-full", "int16x8")
    integer = IntegerOptions(lengths=(64,), calibration=texts) if whole else IntegerOptions()
    options = Options(quantize=recipe, max_length=None if whole else 64, integer=integer)
    convert_checkpoint(checkpoint, plan(options, checkpoint), path, force=True)
    return path


def accuracy(path: Path, data: Path) -> float:
    """On the held-out part."""
    with edgebert.load(path) as model:
        return evaluate(model, open_data(data, "classify")).metrics["accuracy"]


if __name__ == "__main__":
    sys.exit(main())
