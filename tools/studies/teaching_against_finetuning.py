"""What fine-tuning on the sentences that labels are taught by comes to, beside teaching.

    python -m tools.studies.teaching_student FOLDER
    python -m tools.studies.teaching_against_finetuning FOLDER

Gives the head of FOLDER's student 17 more rows and trains all of it on some sentences of each of
the 17, the same that `tools.studies.teaching` teaches, by each of `RECIPES`: with rehearsal on the
training questions of the 60 each label comes as often as any. A new row begins as the mean of its
sentences' pooled states (imprinting: Qi et al. 2018, arXiv:1712.07136). Measured on the test
questions as it is, and held back: with the new labels' logits lowered by just so much (or raised)
that dev loses as many texts as it may by teaching; and as taught: so that as many test questions of
old labels are right as with teaching, which no one could know in use. Needs TensorFlow.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edgebert.arrays import Array
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.converter.head import Head
from edgebert.converter.teach import may_lose
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.train.backend import tf
from edgebert.train.batching import Example, collate
from edgebert.train.dropout import NO_DROPOUT
from edgebert.train.losses import TaskObjective, cross_entropy
from edgebert.train.network import Network
from edgebert.train.optimizer import AdamW
from tools.data_sets import BANKING77
from tools.studies.teaching import SENTENCES, held_out, read

Labels: TypeAlias = npt.NDArray[np.int32]

MAX_LENGTH = 64
BATCH, WARM_UP = 32, 0.1
LOST = 0.005  # of the old labels, at most, is what teaching is asked for
_NEVER = 1e9  # lowers logits so far that no new label is answered
_HEAD = Head("classify")


@dataclass(frozen=True)
class Questions:
    """Encoded questions, each with the number of its label."""

    examples: list[Example]
    labels: Labels

    @classmethod
    def of(
        cls, rows: Iterable[tuple[str, str]], names: Sequence[str], tokenizer: Tokenizer
    ) -> Questions:
        """Encodes them."""
        found = [(tokenizer.encode(text), names.index(label)) for text, label in rows]
        return cls(
            [Example((each,), label) for each, label in found], np.array([n for _, n in found])
        )

    def with_more(self, others: Questions) -> Questions:
        """These and others."""
        labels = np.concatenate([self.labels, others.labels])
        return Questions([*self.examples, *others.examples], labels)


@dataclass(frozen=True)
class Recipe:
    """A learning rate, so many steps, and whether the old labels' questions are learned again."""

    rate: float
    steps: int
    rehearsal: bool = True

    def __str__(self) -> str:
        return f"{self.rate:g}, {self.steps} steps{'' if self.rehearsal else ', no rehearsal'}"


RECIPES = (
    Recipe(1e-3, 400),
    Recipe(3e-4, 400),
    Recipe(3e-3, 40),
    Recipe(1e-3, 40),
    Recipe(3e-4, 40, rehearsal=False),
    Recipe(1e-4, 400),
)


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

    def run(self, sentences: Questions, old: Questions, recipe: Recipe, seed: int) -> None:
        """Trains on batches that have as many of every label."""
        self._network.load(self._imprinted(sentences))
        known = old.with_more(sentences) if recipe.rehearsal else sentences
        steps = recipe.steps
        for moment in self._optimizer.moments.values():
            moment.assign(tf.zeros_like(moment))
        random = np.random.default_rng(seed)
        places = [np.flatnonzero(known.labels == label) for label in np.unique(known.labels)]
        for step in range(steps):
            labels = random.choice(len(places), BATCH, replace=len(places) < BATCH)
            drawn = [known.examples[random.choice(places[label])] for label in labels]
            now = recipe.rate * min((step + 1) / (WARM_UP * steps), 1 - step / steps)
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


def drawn(fresh: Questions, count: int, draw: int) -> Questions:
    """So many sentences of each new label; those of a draw are `tools.studies.teaching`'s."""
    random = np.random.default_rng(draw)
    kept: list[int] = []
    for label in np.unique(fresh.labels):
        places = np.flatnonzero(fresh.labels == label)
        kept.extend(places[random.permutation(len(places))][:count])
    return Questions([fresh.examples[at] for at in kept], fresh.labels[kept])


def right(logits: Array, labels: Labels, old: int, less: float = 0) -> tuple[float, float]:
    """Share of right answers on the old labels, and on the new ones, whose logits are lowered."""
    lowered = logits - less * (np.arange(logits.shape[1]) >= old)
    hits = lowered.argmax(1) == labels
    return float(hits[labels < old].mean()), float(hits[labels >= old].mean())


def held_back(logits: Array, labels: Labels, old: int, least: float) -> float:
    """How much to lower the new labels' logits for `least` texts of old labels to be right.

    Between two numbers of texts it is interpolated, as the lead in teaching is.
    """
    own = logits[:, :old]
    margins = (logits[:, old:].max(axis=1) - own.max(axis=1))[own.argmax(axis=1) == labels]
    if len(margins) < least:
        return _NEVER
    return float(np.interp(len(margins) - least, np.arange(len(margins)), np.sort(margins)[::-1]))


def as_right(logits: Array, labels: Labels, old: int, share: float) -> float:
    """How much to lower the new labels' logits for such a share of the old ones to be right."""
    of_old = labels < old
    return held_back(logits[of_old], labels[of_old], old, share * of_old.sum())


def table(
    folder: Path, recipes: Sequence[Recipe], counts: Mapping[int, float | None], draws: int
) -> None:
    """Prints what each recipe comes to with so many sentences.

    Args:
        folder: of the student.
        recipes: that are tried.
        counts: of sentences, with the share of old labels that teaching leaves right on the test
            questions; None: 0.5 points fewer than before.
        draws: of the sentences.
    """
    with open_checkpoint(str(folder / "student")) as source:
        old = list(source.labels or ())
        new = held_out(sorted({label for _, label in read(BANKING77 / "train.csv")}))
        names, tokenizer = [*old, *new], source.make_tokenizer(MAX_LENGTH)
        known, dev, test, fresh = (
            Questions.of(rows, names, tokenizer)
            for rows in (
                read(folder / "train.csv"),
                read(folder / "dev.csv"),
                read(BANKING77 / "test.csv"),
                [row for row in read(BANKING77 / "train.csv") if row[1] in new],
            )
        )
        tuning = Tuning(widened(source, len(new)), source.config, len(old))
    before = tuning.logits(dev)[:, : len(old)].argmax(1) == dev.labels
    least = before.sum() - may_lose(len(before))
    start, _ = right(tuning.logits(test), test.labels, len(old), _NEVER)
    print(f"before: {100 * start:.2f} % of the old labels")
    print("\n| sentences | recipe | old | new | held back: old | new | as taught: old | new |")
    print("|---" * 8 + "|")
    for count, recipe in itertools.product(counts, recipes):
        found = []
        for draw in range(draws):
            tuning.run(drawn(fresh, count, draw), known, recipe, draw)
            less = held_back(tuning.logits(dev), dev.labels, len(old), least)
            logits = tuning.logits(test)
            taught = as_right(logits, test.labels, len(old), counts[count] or start - LOST)
            lowered = (0.0, less, taught)
            found.append([right(logits, test.labels, len(old), each) for each in lowered])
        shown = " | ".join(f"{100 * each:.2f}" for each in np.mean(found, axis=0).flat)
        print(f"| {count} | {recipe} | {shown} |", flush=True)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="made by tools.studies.teaching_student")
    parser.add_argument("--sentences", type=int, nargs="*", default=SENTENCES)
    help_old = "percent of the old labels that teaching leaves right, for each of --sentences"
    parser.add_argument("--old", type=float, nargs="*", default=[], help=help_old)
    numbers = range(len(RECIPES))
    parser.add_argument("--recipes", type=int, nargs="*", choices=numbers, default=numbers)
    parser.add_argument("--draws", type=int, default=3)
    options = parser.parse_args()
    recipes = [RECIPES[number] for number in options.recipes]
    if len(options.old) not in (0, len(options.sentences)):
        parser.error("--old: as many numbers as --sentences are needed")
    shares = [percent / 100 for percent in options.old] or [None] * len(options.sentences)
    counts = dict(zip(options.sentences, shares, strict=True))
    table(options.folder, recipes, counts, options.draws)


if __name__ == "__main__":
    main()
