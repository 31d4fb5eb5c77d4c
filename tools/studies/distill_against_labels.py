"""`distill` at its defaults against the same student on labels alone: docs/training.md.

    python -m tools.studies.distill_against_labels all-minilm-l6-v2 --train A --dev B --test C \
        --a-label 20 -o FOLDER

A teacher is fine-tuned from the model on rows that a seed draws; a student made of its weights
learns the same rows once from their labels and once from the teacher as well. All three go by the
defaults and end with their last weights, and test judges them; --dev only adds its word pieces, so
that the rows are those of `defaults_against_search`. Broken off, the same command goes on.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from edgebert.checkpoints.sources import open_checkpoint
from edgebert.dataset.samples import Kind, read_samples, write_samples
from edgebert.evaluation.data import DataSet, open_data
from edgebert.train.distillation.distill import distill
from edgebert.train.distillation.student import parse_size, student_from_teacher
from edgebert.train.distillation.teacher import CheckpointTeacher
from edgebert.train.distillation.transfer_set import TransferSet
from edgebert.train.evaluation import evaluate_checkpoint
from edgebert.train.finetuning.finetune import FineTuningSpec, finetune
from edgebert.train.settings import Settings
from tools.studies.defaults_against_search import sample, with_pieces_of


def main(given: Sequence[str] | None = None) -> int:
    """Trains, and prints a line a seed with the three figures."""
    arguments = _arguments(given)
    test = open_data(arguments.test, "classify")
    for seed in range(1, arguments.seeds + 1):
        folder = arguments.output / f"seed-{seed}"
        train(arguments, seed, folder)
        figures = {name: round(_figure(folder / name, test), 4) for name in MODELS}
        print(json.dumps({"seed": seed, **figures}), flush=True)
    return 0


MODELS = ("teacher", "labels", "distilled")
"""Folders of a seed: the teacher, and its student on labels alone and distilled."""


def train(arguments: argparse.Namespace, seed: int, folder: Path) -> None:
    """Writes the three models."""
    rows = _rows(arguments, seed, folder)
    spec = FineTuningSpec("classify", rows, max_length=arguments.max_length)
    trials = [Settings(seed=seed)]
    with open_checkpoint(arguments.model) as model:
        paths = (arguments.train, arguments.dev, arguments.test)
        source = with_pieces_of(model, paths, "classify")
        finetune(source, spec, folder / "teacher", trials, resume=True, force=True)
    with open_checkpoint(folder / "teacher") as teacher:
        student = student_from_teacher(teacher, *parse_size(arguments.size))
        finetune(student, spec, folder / "labels", trials, resume=True, force=True)
        distill(
            CheckpointTeacher(teacher),
            student,
            TransferSet((), rows),
            folder / "distilled",
            trials,
            max_length=arguments.max_length,
            resume=True,
            force=True,
        )


def _rows(arguments: argparse.Namespace, seed: int, folder: Path) -> Path:
    """Those that the seed draws, in a file."""
    samples = read_samples([arguments.train], "train", Kind("classify"))
    if arguments.a_label:
        samples = sample(samples, arguments.a_label, seed)
    folder.mkdir(parents=True, exist_ok=True)
    write_samples(samples, folder / "train.jsonl")
    return folder / "train.jsonl"


def _figure(folder: Path, test: DataSet) -> float:
    with open_checkpoint(folder) as model:
        return evaluate_checkpoint(model, test).figure


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="what the teacher is fine-tuned from")
    parser.add_argument("--size", default="2/128", help="of the student")
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--dev", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--a-label", type=int, help="rows of each label; left out: all")
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the runs")
    return parser.parse_args(given)


if __name__ == "__main__":
    raise SystemExit(main())
