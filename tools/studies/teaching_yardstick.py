"""What fine-tuning on the sentences that labels are taught by comes to: the yardstick of teaching.

    python -m tools.studies.teaching --rest train-60.csv
    python -m tools.studies.teaching_yardstick --begin train-60.csv sixty
    edgebert convert sixty --teachable train-60.csv -o sixty.tflite
    python -m tools.studies.teaching sixty.tflite
    python -m tools.studies.teaching_yardstick --draws 3 sixty

`--begin` trains a classifier of 2 layers, 128 wide, for 60 intents. The last line gives its head 17
more rows and trains all of it on the training questions of the 60 and some sentences of each of the
17, the same that `tools.studies.teaching` teaches, a batch having as many of every label. Learning
rate and steps are chosen on further training questions of the 17, by 5 sentences of a draw of its
own. Measured on the test questions, also with the new labels held back until the old ones lose no
more than 0.5 points. Needs TensorFlow.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edgebert.arrays import Array
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.sources import MINILM, open_checkpoint
from edgebert.converter.head import Head
from edgebert.converter.vocabulary import VocabularyChoice, trim_vocabulary
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.train.backend import tf
from edgebert.train.batching import Example, collate
from edgebert.train.distillation.student import student_from_teacher
from edgebert.train.dropout import Dropout, step_key
from edgebert.train.finetuning.finetune import FineTuningSpec, finetune
from edgebert.train.losses import TaskObjective, cross_entropy
from edgebert.train.network import Network
from edgebert.train.optimizer import AdamW
from edgebert.train.settings import Settings
from tools.studies.teaching import SENTENCES, held_out, read

Labels: TypeAlias = npt.NDArray[np.int32]

BEGIN = Settings(epochs=25, batch_size=128, learning_rate=1e-3, warmup=0.05)
PIECES = 3000
MAX_LENGTH = 64
RATES, STEPS = (1e-4, 3e-4, 1e-3), (150, 450)
BATCH, WARM_UP, DROPOUT = 64, 0.1, 0.1
CHOSEN_WITH = 5
"""Sentences a label with which learning rate and steps are chosen."""
MOST_LOST = 0.005
"""Of the old labels' accuracy."""
_DEV = 20
_HEAD = Head("classify")


@dataclass(frozen=True)
class Questions:
    """Encoded questions, each with the number of its label."""

    examples: list[Example]
    labels: Labels

    @classmethod
    def of(cls, part: str, names: Sequence[str], tokenizer: Tokenizer) -> Questions:
        """Those of `train` or `test`."""
        found = [(tokenizer.encode(text), names.index(label)) for text, label in read(part)]
        return cls(
            [Example((each,), label) for each, label in found], np.array([n for _, n in found])
        )


def begin(train: Path, output: Path) -> None:
    """Trains the classifier of the 60 intents."""
    with open_checkpoint(MINILM) as large:
        student = student_from_teacher(large, 2, 128)
        small, _ = trim_vocabulary(student, VocabularyChoice(train, PIECES), "classify")
        spec = FineTuningSpec("classify", train, max_length=MAX_LENGTH)
        finetune(small, spec, output, (BEGIN,), resume=True, notify=print)


def widened(source: Checkpoint, names: Sequence[str], seed: int) -> dict[str, Array]:
    """The weights, with rows in the classifier for labels that it does not have."""
    more = len(names) - len(source.labels or ())
    matrix = source.weights["classifier.weight"]
    random = np.random.default_rng(seed).normal(0, 0.02, (more, matrix.shape[1]))
    bias = source.weights["classifier.bias"]
    return {
        **source.weights,
        "classifier.weight": np.concatenate([matrix, random.astype(np.float32)]),
        "classifier.bias": np.concatenate([bias, np.full(more, bias.mean(), np.float32)]),
    }


class Tuning:
    """One network, trained again and again from the same weights."""

    def __init__(self, weights: Mapping[str, Array], config: Any) -> None:
        self._start = weights
        self._network = Network(config, weights)
        self._objective = TaskObjective(_HEAD, cross_entropy)
        self._gradients = tf.function(self._trace, reduce_retracing=True)
        self._logits = tf.function(
            lambda batch: self._network.head(_HEAD, self._network(_inputs(batch))),
            reduce_retracing=True,
        )

    def run(self, known: Questions, rate: float, steps: int, seed: int) -> None:
        """Trains on batches that have as many of every label."""
        self._network.load(self._start)
        optimizer = AdamW(self._network.parameters, 0.01, 1.0)
        random = np.random.default_rng(seed)
        places = [np.flatnonzero(known.labels == label) for label in np.unique(known.labels)]
        for step in range(steps):
            labels = random.choice(len(places), BATCH, replace=len(places) < BATCH)
            drawn = [known.examples[random.choice(places[label])] for label in labels]
            now = rate * min((step + 1) / (WARM_UP * steps), 1 - step / steps)
            optimizer.apply(self._gradients(_tensors(drawn), tf.constant(step)), step, now)

    def logits(self, asked: Questions) -> Array:
        """What it makes of questions, [n, K]."""
        parts = [asked.examples[at : at + 256] for at in range(0, len(asked.examples), 256)]
        return np.concatenate([self._logits(_tensors(part)).numpy() for part in parts])

    def _trace(self, batch: Mapping[str, Any], step: Any) -> dict[str, Any]:
        variables = self._network.parameters
        with tf.GradientTape() as tape:
            loss = self._objective(self._network, batch, Dropout(DROPOUT, step_key(1, step)))
        found = tape.gradient(loss, list(variables.values()))
        pairs = zip(variables, found, strict=True)
        return {name: tf.convert_to_tensor(each) for name, each in pairs if each is not None}


def _inputs(batch: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    return batch["ids"], batch["mask"], batch["segment_ids"]


def _tensors(examples: Sequence[Example]) -> dict[str, Any]:
    return {name: tf.constant(each) for name, each in collate(examples, MAX_LENGTH).items()}


def drawn(train: Questions, old: int, count: int, draw: int) -> tuple[Questions, Questions]:
    """The old labels' questions with so many of each new one; and others of the new ones.

    The sentences of a draw are those of `tools.studies.teaching`.
    """
    random = np.random.default_rng(draw)
    kept, others = list(np.flatnonzero(train.labels < old)), []
    for label in range(old, int(train.labels.max()) + 1):
        places = np.flatnonzero(train.labels == label)
        order = places[random.permutation(len(places))]
        kept.extend(order[:count])
        others.extend(order[count : count + _DEV])
    return _part(train, kept), _part(train, others)


def _part(questions: Questions, places: Sequence[int]) -> Questions:
    return Questions([questions.examples[at] for at in places], questions.labels[list(places)])


def right(logits: Array, labels: Labels, old: int) -> tuple[float, float]:
    """Share of right answers on the old labels, and on the new ones."""
    hits = logits.argmax(1) == labels
    return float(hits[labels < old].mean()), float(hits[labels >= old].mean())


def held_back(logits: Array, labels: Labels, old: int, least: float) -> tuple[float, float]:
    """Likewise, the new labels' logits lowered by as little as leaves the old ones right enough."""
    for less in np.arange(0, 12, 0.05):
        lowered = logits.copy()
        lowered[:, old:] -= less
        found = right(lowered, labels, old)
        if found[0] >= least:
            return found
    return found


def table(folder: Path, draws: int) -> None:
    """Chooses learning rate and steps, and prints the table."""
    every = sorted({label for _, label in read("test")})
    new = held_out(every)
    with open_checkpoint(str(folder)) as opened:
        source = replace(opened, weights={name: np.array(w) for name, w in opened.weights.items()})
    old = list(source.labels or ())
    names = [*old, *new]
    if sorted(names) != every:
        raise SystemExit(f"{folder}: is not for the 60 labels that are not held out")
    tokenizer = source.make_tokenizer(MAX_LENGTH)
    train, test = (Questions.of(part, names, tokenizer) for part in ("train", "test"))
    alone = Tuning({**source.weights}, source.config).logits(test)
    before = right(
        np.pad(alone, ((0, 0), (0, len(new))), constant_values=-99), test.labels, len(old)
    )
    print(f"before: {100 * before[0]:.2f} % of the old labels", flush=True)
    tuning = Tuning(widened(source, names, 0), source.config)
    known, dev = drawn(train, len(old), CHOSEN_WITH, 1000)
    found = {}
    for rate, steps in itertools.product(RATES, STEPS):
        tuning.run(known, rate, steps, 0)
        found[rate, steps] = right(tuning.logits(dev), dev.labels, len(old))[1]
        print(f"{rate:g}, {steps} steps: {100 * found[rate, steps]:.1f} % on dev", flush=True)
    rate, steps = max(found, key=lambda each: found[each])
    print(
        f"\n{draws} draws; {rate:g}, {steps} steps\n"
        "\n| sentences | old | new | held back: old | new |"
    )
    print("|---" * 5 + "|")
    for count in SENTENCES:
        rows = []
        for draw in range(draws):
            known, _ = drawn(train, len(old), count, draw)
            tuning.run(known, rate, steps, draw)
            logits = tuning.logits(test)
            least = before[0] - MOST_LOST
            rows.append(
                (
                    *right(logits, test.labels, len(old)),
                    *held_back(logits, test.labels, len(old), least),
                )
            )
        cells = " | ".join(f"{100 * each:.2f}" for each in np.mean(rows, axis=0))
        print(f"| {count} | {cells} |", flush=True)


def main() -> None:
    """Trains the classifier of the 60, or prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the classifier of the 60 intents")
    parser.add_argument("--begin", type=Path, help="its training questions: train it")
    parser.add_argument("--draws", type=int, default=3)
    options = parser.parse_args()
    if options.begin is not None:
        begin(options.begin, options.folder)
    else:
        table(options.folder, options.draws)


if __name__ == "__main__":
    main()
