"""What fine-tuning on the sentences that labels are taught by comes to: the yardstick of teaching.

    python -m tools.studies.teaching --rest train-60.csv
    python -m tools.studies.teaching_yardstick --begin train-60.csv sixty
    edgebert convert sixty --teachable train-60.csv -o sixty.tflite
    python -m tools.studies.teaching sixty.tflite
    python -m tools.studies.teaching_yardstick sixty

`--begin` trains a classifier of 2 layers, 128 wide, for 60 intents. The last line gives its head 17
more rows and trains all of it on the training questions of the 60 and some sentences of each of the
17, the same that `tools.studies.teaching` teaches, each label as often as any. A new row begins as
the mean of its sentences' pooled states (imprinting: Qi et al. 2018, arXiv:1712.07136). Learning
rate and steps are chosen on further training questions of the 17, by 5 sentences of a draw of its
own. Measured on the test questions, also with the new labels held back until the old ones lose no
more than 0.5 points, where the rate is the best of all on these very questions. Needs TensorFlow.
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
from edgebert.train.dropout import NO_DROPOUT
from edgebert.train.finetuning.finetune import FineTuningSpec, finetune
from edgebert.train.losses import TaskObjective, cross_entropy
from edgebert.train.network import Network
from edgebert.train.optimizer import AdamW
from edgebert.train.settings import Settings
from tools.data_sets import banking77
from tools.studies.teaching import SENTENCES, held_out

Labels: TypeAlias = npt.NDArray[np.int32]

BEGIN = Settings(epochs=25, batch_size=128, learning_rate=1e-3, warmup=0.05)
PIECES = 3000
MAX_LENGTH = 64
TRAINED_LENGTH = 32
"""Questions are cut to so many tokens while it is fine-tuned, which few of them have."""
RATES, STEPS = (1e-4, 3e-4, 1e-3, 3e-3), (40, 120, 400)
BATCH, WARM_UP = 32, 0.1
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
        found = [(tokenizer.encode(text), names.index(label)) for text, label in banking77(part)]
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


def widened(source: Checkpoint, more: int) -> dict[str, Array]:
    """The weights, with rows of zeros in the classifier for labels that it does not have."""
    matrix, bias = (source.weights[f"classifier.{part}"] for part in ("weight", "bias"))
    return {
        **source.weights,
        "classifier.weight": np.pad(matrix, ((0, more), (0, 0))),
        "classifier.bias": np.pad(bias, (0, more), constant_values=bias.mean()),
    }


class Tuning:
    """One network, trained again and again from the same weights."""

    def __init__(self, weights: Mapping[str, Array], config: Any, old: int) -> None:
        self._start, self._old = weights, old
        self._network = Network(config, weights)
        self._optimizer = AdamW(self._network.parameters, weight_decay=0.01, clip_norm=1.0)
        self._objective = TaskObjective(_HEAD, cross_entropy)
        self._gradients = tf.function(self._trace, reduce_retracing=True)
        self._logits = tf.function(
            lambda batch: self._network.head(_HEAD, self._network(_inputs(batch))),
            reduce_retracing=True,
        )

    def run(self, known: Questions, rate: float, steps: int, seed: int) -> None:
        """Trains on batches that have as many of every label."""
        self._network.load(self._imprinted(known))
        for moment in self._optimizer.moments.values():
            moment.assign(tf.zeros_like(moment))
        random = np.random.default_rng(seed)
        places = [np.flatnonzero(known.labels == label) for label in np.unique(known.labels)]
        for step in range(steps):
            labels = random.choice(len(places), BATCH, replace=len(places) < BATCH)
            drawn = [known.examples[random.choice(places[label])] for label in labels]
            now = rate * min((step + 1) / (WARM_UP * steps), 1 - step / steps)
            self._optimizer.apply(self._gradients(_tensors(drawn)), step, now)

    def _imprinted(self, known: Questions) -> dict[str, Array]:
        """The weights at the start, new rows as long as the old ones are in the mean."""
        rows = self._start["classifier.weight"].copy()
        length = np.linalg.norm(rows[: self._old], axis=1).mean()
        for label in range(self._old, len(rows)):
            examples = [known.examples[at] for at in np.flatnonzero(known.labels == label)]
            states = self._network(_inputs(_tensors(examples))).hidden_states[-1][:, 0].numpy()
            pooled = states @ self._start["pooler.weight"].T + self._start["pooler.bias"]
            mean = np.tanh(pooled).mean(axis=0)
            rows[label] = length * mean / np.linalg.norm(mean)
        return {**self._start, "classifier.weight": rows}

    def logits(self, asked: Questions) -> Array:
        """What it makes of questions, [n, K]."""
        parts = [asked.examples[at : at + 256] for at in range(0, len(asked.examples), 256)]
        return np.concatenate([self._logits(_tensors(part)).numpy() for part in parts])

    def _trace(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        variables = self._network.parameters
        with tf.GradientTape() as tape:
            loss = self._objective(self._network, batch, NO_DROPOUT)
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
    every = sorted({label for _, label in banking77("test")})
    new = held_out(every)
    with open_checkpoint(str(folder)) as opened:
        source = replace(opened, weights={name: np.array(w) for name, w in opened.weights.items()})
    old = list(source.labels or ())
    names = [*old, *new]
    if sorted(names) != every:
        raise SystemExit(f"{folder}: is not for the 60 labels that are not held out")
    train = Questions.of("train", names, source.make_tokenizer(TRAINED_LENGTH))
    test = Questions.of("test", names, source.make_tokenizer(MAX_LENGTH))
    tuning = Tuning(widened(source, len(new)), source.config, len(old))
    before = right(tuning.logits(test)[:, : len(old)], test.labels, len(old))
    print(f"before: {100 * before[0]:.2f} % of the old labels", flush=True)
    known, dev = drawn(train, len(old), CHOSEN_WITH, 1000)
    chosen = {}
    for rate, steps in itertools.product(RATES, STEPS):
        tuning.run(known, rate, steps, 0)
        chosen[rate, steps] = right(tuning.logits(dev), dev.labels, len(old))[1]
        print(f"{rate:g}, {steps} steps: {100 * chosen[rate, steps]:.1f} % on dev", flush=True)
    rate, steps = max(chosen, key=lambda each: chosen[each])
    print(
        f"\n{draws} draws; {rate:g}, {steps} steps; held back, the best of all rates\n"
        "\n| sentences | old | new | held back: old | new |"
    )
    print("|---" * 5 + "|")
    for count in SENTENCES:
        free, held = [], []
        for draw in range(draws):
            known, _ = drawn(train, len(old), count, draw)
            found = {}
            for each in RATES:
                tuning.run(known, each, steps, draw)
                found[each] = tuning.logits(test)
            free.append(right(found[rate], test.labels, len(old)))
            least = before[0] - MOST_LOST
            lowered = [held_back(each, test.labels, len(old), least) for each in found.values()]
            held.append(max(lowered, key=lambda each: (each[0] >= least, each[1])))
        rows = np.concatenate([np.mean(free, axis=0), np.mean(held, axis=0)])
        print(f"| {count} | {' | '.join(f'{100 * each:.2f}' for each in rows)} |", flush=True)


def main() -> None:
    """Trains the classifier of the 60, or prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the classifier of the 60 intents")
    parser.add_argument("--begin", type=Path, help="its training questions: train it")
    parser.add_argument("--draws", type=int, default=2)
    options = parser.parse_args()
    if options.begin is not None:
        begin(options.begin, options.folder)
    else:
        table(options.folder, options.draws)


if __name__ == "__main__":
    main()
