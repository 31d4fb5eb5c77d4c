"""The defaults of `finetune` against a small search: the table of docs/training.md.

    python -m tools.studies.defaults_against_search all-minilm-l6-v2 --train A --test B -o out

The student is made of the model's weights. The default run decides the middle of the search: a
third of its rate and three times as much, half and twice its epochs. No dev data is used: every run
ends with its last weights, and is judged on the test data once. Runs that are there are kept.
"""

from __future__ import annotations

import argparse
import csv
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.folder import open_folder
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.evaluation.data import open_data
from edgebert.evaluation.readers import read_rows
from edgebert.train.distillation.student import parse_size, student_from_teacher
from edgebert.train.evaluation import evaluate_checkpoint
from edgebert.train.finetuning.finetune import FineTuningSpec, finetune
from edgebert.train.settings import Settings

RATES = (1 / 3, 1.0, 3.0)
EPOCHS = (0.5, 1.0, 2.0)


def main() -> int:
    """Trains, judges and prints a line a run."""
    arguments = _arguments()
    output: Path = arguments.output
    output.mkdir(parents=True, exist_ok=True)
    train = arguments.train
    if arguments.a_label:
        train = output / "train.csv"
        sample(arguments.train, train, arguments.a_label)
    with open_checkpoint(arguments.model) as model:
        source = student_from_teacher(model, *parse_size(arguments.size))
    task = FineTuningSpec(arguments.task, train, max_length=arguments.max_length)
    for seed in range(1, arguments.seeds + 1):
        usual, figure = run(source, task, Settings(seed=seed), arguments.test, output)
        found = {(1.0, 1.0): figure}
        for rate, epochs in itertools.product(RATES, EPOCHS):
            if (rate, epochs) not in found:
                settings = replace(
                    usual,
                    learning_rate=rate * usual.learning_rate,
                    epochs=max(1, round(epochs * usual.epochs)),
                )
                _, found[rate, epochs] = run(source, task, settings, arguments.test, output)
        best = max(found, key=lambda key: found[key])
        print(f"seed {seed}: default {figure:.4f}, best {found[best]:.4f} at rate, epochs {best}")
    return 0


def sample(path: Path, to: Path, most: int) -> None:
    """Writes so many rows of each label, drawn with a seed."""
    rows = list(read_rows(path))
    kept, count = [], Counter[str]()
    for place in np.random.default_rng(1).permutation(len(rows)):
        if count[rows[place].label] < most:
            count[rows[place].label] += 1
            kept.append(rows[place])
    with to.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        pairs = kept[0].pair is not None
        writer.writerow(["sentence1", "sentence2", "label"] if pairs else ["text", "label"])
        writer.writerows(
            (row.text, row.pair, row.label) if pairs else (row.text, row.label) for row in kept
        )


def run(
    source: Checkpoint, task: FineTuningSpec, settings: Settings, test: Path, output: Path
) -> tuple[Settings, float]:
    """A run's settings with nothing left open, and the figure of its last weights."""
    chosen = (settings.epochs or "default", settings.learning_rate or "default", settings.seed)
    name = "-".join(map(str, chosen))
    report = finetune(source, task, output / name, [settings], resume=True)
    figure = evaluate_checkpoint(open_folder(output / name), open_data(test, task.task)).figure
    resolved = report.best.settings
    print(f"{resolved.epochs} epochs, rate {resolved.learning_rate:g}: {figure:.4f}", flush=True)
    return resolved, figure


def _arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="whose weights the student is made of")
    parser.add_argument("--size", default="2/128")
    parser.add_argument("--task", default="classify")
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--a-label", type=int, help="rows of each label; left out: all")
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True)
    return parser.parse_args(given)


if __name__ == "__main__":
    raise SystemExit(main())
