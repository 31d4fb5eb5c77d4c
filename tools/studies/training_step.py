"""How long a step of training takes.

    python -m tools.studies.training_step 2/128 4/256 --batch-size 128

A real run (`train.loop.train`) of a classifier with new weights, on texts of one length.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from edgebert.arrays import Array
from edgebert.bert.catalogue import CatalogueModel
from edgebert.bert.config import BertConfig
from edgebert.converter.head import Head
from edgebert.tokenizer.tokenizer import Encoding
from edgebert.train.batching import Example, ExampleBatches
from edgebert.train.distillation.student import parse_size
from edgebert.train.initialisation import random_encoder, random_head
from edgebert.train.loop import train
from edgebert.train.losses import TaskObjective, cross_entropy
from edgebert.train.network import Network
from edgebert.train.run_folder import open_run
from edgebert.train.settings import ResolvedSettings

LABELS = 77
FIRST = 3
"""Steps that are not counted: the first one traces the graph."""


def step_times(config: BertConfig, batch_size: int, tokens: int, steps: int) -> list[float]:
    """Seconds of each step but the first ones."""
    settings = ResolvedSettings(
        epochs=1, batch_size=batch_size, learning_rate=1e-4, dropout=0.1, save_every=10**6
    )
    ids = np.random.default_rng(1).integers(0, config.vocab_size, (steps * batch_size, tokens))
    segments = [0] * tokens
    examples = [Example((Encoding(row, segments, False),), row[0] % LABELS) for row in ids.tolist()]
    ends: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        train(
            Network(config, _weights(config)),
            TaskObjective(Head("classify"), cross_entropy),
            ExampleBatches.of(examples, settings, 1),
            settings,
            open_run(Path(folder), {}),
            progress=lambda done, total, what: ends.append(time.perf_counter()),
        )
    return np.diff(ends)[FIRST:].tolist()


def _weights(config: BertConfig) -> dict[str, Array]:
    heads = (
        random_head("pooler", config, 0, 1),
        random_head("classifier", config, LABELS, 1),
    )
    return random_encoder(config, 1) | heads[0] | heads[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("size", nargs="+", help="layers and width, such as 2/128")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--tokens", type=int, default=16)
    parser.add_argument("--steps", type=int, default=20)
    arguments = parser.parse_args()
    for size in arguments.size:
        config = CatalogueModel(*parse_size(size)).config
        steps = FIRST + 1 + arguments.steps
        times = step_times(config, arguments.batch_size, arguments.tokens, steps)
        median = float(np.median(times))
        print(
            f"{size}: {1000 * median:.0f} ms a step of {arguments.batch_size} texts with "
            f"{arguments.tokens} tokens, {arguments.batch_size / median:.0f} texts a second"
        )


if __name__ == "__main__":
    main()
