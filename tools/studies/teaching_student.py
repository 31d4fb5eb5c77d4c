"""The student that further labels are taught to: 60 intents of BANKING77, learned by distillation.

    python -m tools.studies.teaching_student FOLDER

Draws the 17 intents that it never sees (`tools.studies.teaching.held_out`), keeps a tenth of the
other training questions as dev, which it does not learn from either, and distils a student of 2
layers, 128 wide, as `edgebert fit` does, from a cheaper teacher: a softmax regression on vectors of
all-MiniLM-L6-v2. FOLDER gets `train.csv`, `dev.csv` and `student`. Needs TensorFlow.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

import edgebert
from edgebert.arrays import Array
from edgebert.checkpoints.sources import MINILM, open_checkpoint
from edgebert.cli.training import notify
from edgebert.converter.vocabulary import VocabularyChoice, trim_vocabulary
from edgebert.dataset.samples import Kind, Sample, read_samples
from edgebert.dataset.split import split_samples
from edgebert.evaluation.texts import Text
from edgebert.train.augmentation.augment import AugmentationOptions, augment
from edgebert.train.augmentation.methods import open_method
from edgebert.train.distillation.distill import distill
from edgebert.train.distillation.options import DistillationOptions
from edgebert.train.distillation.student import student_from_teacher
from edgebert.train.distillation.teacher_file import FileTeacher
from edgebert.train.distillation.transfer_set import TransferSet
from edgebert.train.settings import Settings
from tools.data_sets import BANKING77
from tools.studies.teaching import held_out

_KIND = Kind("classify")
DEV = 0.1
TIMES, SHARE = 3, 0.3
SETTINGS = Settings(epochs=7, batch_size=128, learning_rate=1e-3, warmup=0.05, dropout=0.0)

PIECES = 3_000
_SHARPNESS = 10.0  # vectors have length 1; scores must be able to differ by more
_STEPS, _RATE, _DECAY = 400, 0.05, 3e-6


def split(folder: Path) -> tuple[Path, Path]:
    """Writes the training questions of the 60 intents, a tenth of them apart, as `fit` does."""
    samples = read_samples([BANKING77 / "train.csv"], "train", _KIND)
    left_out = set(held_out(sorted({sample.label for sample in samples})))
    rest = [sample for sample in samples if sample.label not in left_out]
    parts = split_samples(rest, _KIND, {"dev": DEV})
    for name in ("train", "dev"):
        _write(folder / f"{name}.csv", (each for each in parts if each.split == name))
    return folder / "train.csv", folder / "dev.csv"


def _write(path: Path, samples: Iterable[Sample]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = [(sample.text, sample.label) for sample in samples]
        csv.writer(file).writerows([("text", "label"), *rows])


def fit(vectors: Array, learned: Array, labels: int) -> Array:
    """Weights [width + 1, labels] of a softmax regression, by Adam (Kingma and Ba 2014)."""
    x = _widened(vectors)
    right = np.eye(labels, dtype=np.float32)[learned.astype(int)]
    weights = np.zeros((x.shape[1], labels), np.float32)
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, _STEPS + 1):
        gradient = x.T @ (_softmax(x @ weights) - right) / len(x) + _DECAY * weights
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        size = np.sqrt(second / (1 - 0.999**step)) + 1e-8
        weights -= _RATE * first / (1 - 0.9**step) / size
    return weights


def probabilities(vectors: Array, weights: Array) -> Array:
    """Of each label for each vector: [n, labels]."""
    return _softmax(_widened(vectors) @ weights)


def _widened(vectors: Array) -> Array:
    ones = np.ones((len(vectors), 1), np.float32)
    return np.concatenate([vectors * np.float32(_SHARPNESS), ones], axis=1)


def _softmax(scores: Array) -> Array:
    powers: Array = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def lines(texts: Sequence[str], labels: Sequence[str], scores: Array) -> Iterable[str]:
    for text, row in zip(texts, scores, strict=True):
        told = {label: round(float(score), 6) for label, score in zip(labels, row, strict=True)}
        yield json.dumps({"text": text, "scores": told}) + "\n"


def write_scores(train: Path, more: Path, output: Path) -> None:
    """Writes what the teacher says of the questions and of the texts made of them, a line each."""
    rows = read_samples([train], "train", _KIND)
    texts = list(dict.fromkeys([*(row.text for row in rows), *more.read_text().splitlines()]))
    labels = sorted({row.label for row in rows})
    embedder_file = output.with_name("minilm.tflite")
    edgebert.convert(MINILM, embedder_file, force=True)
    with edgebert.load(embedder_file) as embedder:
        vectors = np.stack(list(embedder.batch(texts)))
    place = {text: at for at, text in enumerate(texts)}
    known = vectors[[place[row.text] for row in rows]]
    weights = fit(known, np.array([labels.index(row.label) for row in rows]), len(labels))
    with output.open("w", encoding="utf-8") as file:
        file.writelines(lines(texts, labels, probabilities(vectors, weights)))


def make(folder: Path) -> None:
    """Writes all of it."""
    folder.mkdir(parents=True, exist_ok=True)
    train, _ = split(folder)
    more, scores = folder / "more.txt", folder / "scores.jsonl"
    if not scores.exists():
        with open_method(MINILM) as method:
            texts = [
                Text(row.text, None, row.place) for row in read_samples([train], "train", _KIND)
            ]
            amount = AugmentationOptions(TIMES, SHARE)
            augment(texts, method, more, amount, fingerprint=str(len(texts)), force=True)
        write_scores(train, more, scores)
    with open_checkpoint(MINILM) as large:
        choice = VocabularyChoice(train, PIECES)
        student, _ = trim_vocabulary(student_from_teacher(large, 2, 128), choice, "classify")
    distill(
        FileTeacher(scores),
        student,
        TransferSet((more,), train),
        folder / "student",
        (SETTINGS,),
        options=DistillationOptions(2.0, 0.1),
        max_length=64,
        resume=True,
        notify=notify,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    make(parser.parse_args().folder)
