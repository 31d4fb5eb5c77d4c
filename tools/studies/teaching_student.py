"""The student that further labels are taught to: 60 intents of BANKING77, learned by distillation.

    python -m tools.studies.teaching_student FOLDER

Draws the 17 intents that it never sees (`tools.studies.teaching.held_out`), keeps a tenth of the
other training questions as dev, which it does not learn from either, and distils a student of 2
layers, 128 wide, as `edgebert fit` does, from the cheaper of its two teachers: a linear probe on
all-MiniLM-L6-v2. FOLDER gets `train.csv`, `dev.csv` and `student`. Needs TensorFlow.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterable
from pathlib import Path

import edgebert
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
from edgebert.train.distillation.teachers import LinearProbe
from edgebert.train.distillation.transfer_set import TransferSet
from edgebert.train.settings import Settings
from tools.data_sets import BANKING77
from tools.studies.teaching import held_out

_KIND = Kind("classify")
DEV = 0.1
TIMES, SHARE = 3, 0.3
SETTINGS = Settings(epochs=7, batch_size=128, learning_rate=1e-3, warmup=0.05, dropout=0.0)
PIECES = 3_000


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


def write_vectors(transfer: TransferSet, output: Path) -> None:
    """Writes the vectors of MiniLM in int8, which is faster."""
    file = output.with_name("minilm.tflite")
    edgebert.convert(MINILM, file, force=True)
    texts = list(dict.fromkeys(text.text for text, _ in transfer.read()))
    with edgebert.load(file) as embedder, output.open("w", encoding="utf-8") as lines:
        for text, vector in zip(texts, embedder.batch(texts), strict=True):
            numbers = vector.astype(float).round(5).tolist()
            lines.write(json.dumps({"text": text, "vector": numbers}) + "\n")


def make(folder: Path) -> None:
    """Writes all of it."""
    folder.mkdir(parents=True, exist_ok=True)
    train, _ = split(folder)
    rows = read_samples([train], "train", _KIND)
    more, vectors = folder / "more.txt", folder / "vectors.jsonl"
    transfer = TransferSet((more,), train)
    if not vectors.exists():
        with open_method(MINILM) as method:
            texts = [Text(row.text, None, row.place) for row in rows]
            amount = AugmentationOptions(TIMES, SHARE)
            augment(texts, method, more, amount, fingerprint=str(len(texts)), force=True)
        write_vectors(transfer, vectors)
    with open_checkpoint(MINILM) as large:
        choice = VocabularyChoice(train, PIECES)
        student, _ = trim_vocabulary(student_from_teacher(large, 2, 128), choice, "classify")
    distill(
        LinearProbe(FileTeacher(vectors), sorted({row.label for row in rows}), transfer),
        student,
        transfer,
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
