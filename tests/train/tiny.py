"""A tiny run that a test can start, kill and resume: `python -m tests.train.tiny FOLDER`."""

import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

from edgebert.bert.config import BertConfig
from edgebert.converter.head import Head
from edgebert.tokenizer.tokenizer import Encoding
from edgebert.train.batching import Example, ExampleBatches
from edgebert.train.evaluation import DevResult
from edgebert.train.initialisation import random_encoder, random_head
from edgebert.train.loop import train
from edgebert.train.losses import TaskObjective, cross_entropy
from edgebert.train.network import Network
from edgebert.train.run_folder import open_run
from edgebert.train.settings import ResolvedSettings
from edgebert.train.strategy import replica_count

CONFIG = BertConfig(
    vocab_size=50,
    hidden_size=16,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=32,
    max_position_embeddings=16,
)
SETTINGS = ResolvedSettings(
    epochs=3,
    batch_size=8,
    learning_rate=3e-3,
    dropout=0.1,
    save_every=5,
    log_every=1,
    accumulate=2,
    seed=7,
)
LABELS = 3


def examples(count=60, seed=1):
    """Texts whose label is told by which of three tokens they hold."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        label = int(random.integers(LABELS))
        ids = random.integers(10, 50, int(random.integers(2, 12))).tolist()
        ids[int(random.integers(len(ids)))] = 5 + label
        found.append(Example((Encoding([2, *ids, 3], [0] * (len(ids) + 2), False),), label))
    return found


def weights(seed=1):
    heads = {
        **random_head("pooler", CONFIG, 0, seed),
        **random_head("classifier", CONFIG, LABELS, seed),
    }
    found = {**random_encoder(CONFIG, seed), **heads}
    # Larger than usual, to learn in few steps.
    return {name: array if array.ndim == 1 else 5 * array for name, array in found.items()}


def evaluate(found):
    """Some figure that only the weights decide."""
    return DevResult({"figure": float(found["classifier.weight"][0, 0])}, 0.0)


def run(folder, settings=SETTINGS, resume=False, evaluate=evaluate, count=60, **options):
    return train(
        Network(CONFIG, weights(), precision=settings.precision),
        options.pop("objective", None) or TaskObjective(Head("classify"), cross_entropy),
        ExampleBatches.of(examples(count), settings, settings.accumulate * replica_count()),
        settings,
        open_run(Path(folder), {"settings": asdict(settings)}, resume=resume),
        evaluate=evaluate,
        **options,
    )


if __name__ == "__main__":
    run(sys.argv[1], resume=len(sys.argv) > 2)
