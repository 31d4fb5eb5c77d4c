"""`distill` at its defaults against the same student on labels alone: docs/training.md.

    python -m tools.studies.distill_against_labels all-minilm-l6-v2 --train A --dev B --test C \
        --a-label 20 -o FOLDER

A teacher is fine-tuned from the model on rows that a seed draws; a student made of its weights
learns the same rows once from their labels and once from the teacher as well. All three go by the
defaults and end with their last weights, and test judges them; --dev only adds its word pieces, so
that the rows are those of `defaults_against_search`. Broken off, the same command goes on. With
--probe the teacher is a softmax regression on the vectors of the model, an embedder that stays as
it is and whose weights the student begins with: minutes in place of hours.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.dataset.samples import Kind, read_samples, write_samples
from edgebert.evaluation.data import DataSet, open_data
from edgebert.train.distillation.distill import distill
from edgebert.train.distillation.student import parse_size, student_from_teacher
from edgebert.train.distillation.teacher import CheckpointTeacher, Teacher
from edgebert.train.distillation.teachers import LinearProbe
from edgebert.train.distillation.transfer_set import TransferSet
from edgebert.train.evaluation import evaluate_checkpoint
from edgebert.train.finetuning.finetune import FineTuningSpec, finetune
from edgebert.train.settings import Settings
from tools.studies.defaults_against_search import sample, with_pieces_of


def main(given: Sequence[str] | None = None) -> int:
    """Trains, and prints a line a seed with their figures."""
    arguments = _arguments(given)
    test = open_data(arguments.test, "classify")
    for seed in range(1, arguments.seeds + 1):
        folder = arguments.output / f"seed-{seed}"
        train(arguments, seed, folder)
        figures = {
            name: round(_figure(folder / name, test), 4)
            for name in MODELS
            if (folder / name).exists()
        }
        print(json.dumps({"seed": seed, **figures}), flush=True)
    return 0


MODELS = ("teacher", "labels", "distilled")
"""Folders of a seed: the teacher, and its student on labels alone and distilled."""

CLASSIFY = Kind("classify")


def train(arguments: argparse.Namespace, seed: int, folder: Path) -> None:
    """Writes the models."""
    rows = _rows(arguments, seed, folder)
    spec = FineTuningSpec("classify", rows, max_length=arguments.max_length)
    trials = [Settings(seed=seed)]
    with open_checkpoint(arguments.model) as model:
        paths = (arguments.train, arguments.dev, arguments.test)
        source = with_pieces_of(model, paths, "classify")
        if arguments.probe:
            labels = sorted({each.label for each in read_samples([rows], "train", CLASSIFY)})
            probe = LinearProbe(CheckpointTeacher(source), labels, TransferSet((), rows))
            _train_students(source, probe, arguments, spec, folder, trials)
            return
        finetune(source, spec, folder / "teacher", trials, resume=True, force=True)
    with open_checkpoint(folder / "teacher") as teacher:
        _train_students(teacher, CheckpointTeacher(teacher), arguments, spec, folder, trials)


def _train_students(
    origin: Checkpoint,
    teacher: Teacher,
    arguments: argparse.Namespace,
    spec: FineTuningSpec,
    folder: Path,
    trials: Sequence[Settings],
) -> None:
    """Of one student, made of the origin's weights, both ways."""
    student = student_from_teacher(origin, *parse_size(arguments.size))
    finetune(student, spec, folder / "labels", trials, resume=True, force=True)
    distill(
        teacher,
        student,
        TransferSet(tuple(arguments.transfer), spec.train),
        folder / "distilled",
        trials,
        max_length=spec.max_length,
        resume=True,
        force=True,
    )


def _rows(arguments: argparse.Namespace, seed: int, folder: Path) -> Path:
    """Those that the seed draws, in a file."""
    samples = read_samples([arguments.train], "train", CLASSIFY)
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
    parser.add_argument(
        "--transfer", type=Path, action="append", default=[], help="texts for the teacher alone"
    )
    parser.add_argument("--probe", action="store_true", help="the teacher is not fine-tuned")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the runs")
    return parser.parse_args(given)


if __name__ == "__main__":
    raise SystemExit(main())
