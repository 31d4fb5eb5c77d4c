"""The defaults of `finetune` against a small search: the table of docs/training.md.

    python -m tools.studies.defaults_against_search all-minilm-l6-v2 --train A --dev B --test C \
        --a-label 20 --seeds 3 -o found.jsonl

The student is made of the model's weights; each seed draws other rows. The default run decides the
middle of the search: a third of its rate and three times as much, half and twice its epochs. Every
run ends with its last weights. The mean on dev chooses the best of the search, test shows it beside
the defaults. The file has a line a run, written as it ends, and runs that it has are not repeated.

Of the vocabulary only what the texts need is kept: they are cut as before, no other word is learned
anyway, and a run takes a fraction of the time.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import numpy as np

from edgebert.bert.tasks import TaskName
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.kept_pieces import indispensable_pieces, keep_pieces
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.dataset.samples import Kind, Sample, read_samples, write_samples
from edgebert.evaluation.data import DataSet, open_data
from edgebert.train.defaults import resolve_settings
from edgebert.train.distillation.student import parse_size, student_from_teacher
from edgebert.train.evaluation import evaluate_checkpoint
from edgebert.train.finetuning.finetune import FineTuningSpec, prepare
from edgebert.train.loop import train
from edgebert.train.run_folder import NonChiefRun
from edgebert.train.settings import Settings
from edgebert.train.trials import Experiment, make_network

Factors: TypeAlias = "tuple[float, float]"
"""Of the default's learning rate and epochs."""

DEFAULT: Factors = (1.0, 1.0)
SEARCH: tuple[Factors, ...] = ((1 / 3, 1), (1 / 3, 2), (1, 1 / 2), (1, 2), (3, 1 / 2), (3, 1))


def main() -> int:
    """Trains, judges and prints a line a run, then both figures."""
    arguments = _arguments()
    found = [json.loads(line) for line in _lines(arguments.output)]
    source = _student(arguments)
    judges = {split: open_data(getattr(arguments, split), arguments.task) for split in JUDGES}
    for seed in range(1, arguments.seeds + 1):
        with TemporaryDirectory() as folder:
            experiment = _experiment(source, arguments, seed, Path(folder))
        usual = resolve_settings(Settings(seed=seed), experiment.problem)
        for rate, epochs in (DEFAULT, *SEARCH):
            of = {"cell": _cell(arguments), "seed": seed, "rate": rate, "epochs": epochs}
            if any(of.items() <= each.items() for each in found):
                continue
            settings = replace(
                usual,
                learning_rate=rate * usual.learning_rate,
                epochs=max(1, round(epochs * usual.epochs)),
            )
            found.append({**of, **_run(experiment, settings, judges)})
            with arguments.output.open("a", encoding="utf-8") as file:
                file.write(json.dumps(found[-1]) + "\n")
            print(json.dumps(found[-1]), flush=True)
    print(summary([each for each in found if each["cell"] == _cell(arguments)]))
    return 0


JUDGES = ("dev", "test")


def summary(runs: Sequence[dict[str, Any]]) -> str:
    """The defaults' mean figure on test, and that of the settings that are best on dev."""
    figures: dict[Factors, list[tuple[float, float]]] = defaultdict(list)
    for run in runs:
        figures[run["rate"], run["epochs"]].append((run["dev"], run["test"]))
    means = {factors: np.mean(each, axis=0) for factors, each in figures.items()}
    best = max(means, key=lambda factors: means[factors][0])
    spread = np.std([test for _, test in figures[DEFAULT]])
    return (
        f"default {means[DEFAULT][1]:.4f} (deviation of {len(figures[DEFAULT])} seeds "
        f"{spread:.4f}), best {means[best][1]:.4f} at {best[0]:.2g} of its rate and {best[1]:g} "
        "of its epochs"
    )


def sample(samples: Sequence[Sample], most: int, seed: int) -> list[Sample]:
    """So many rows of each label, drawn with a seed; values count by whole numbers."""
    kept, count = [], Counter[str]()
    for place in np.random.default_rng(seed).permutation(len(samples)):
        labels = list(_strata(samples[place]))
        if min(count[label] for label in labels) < most:
            count.update(labels)
            kept.append(samples[place])
    return kept


def _strata(drawn: Sample) -> Iterator[str]:
    """What a row counts as: its labels, its value, or a sentence without an entity."""
    if drawn.labels:
        yield from drawn.labels
    else:
        yield f"{float(drawn.label):.0f}" if drawn.label[:1].isdigit() else ""


def with_pieces_of(model: Checkpoint, paths: Sequence[Path], task: TaskName) -> Checkpoint:
    """The model with the word pieces that these files need, and no others."""
    tokenizer = model.make_tokenizer()
    kept = set(indispensable_pieces(model))
    for each in read_samples(paths, "train", Kind(task)):
        kept.update(tokenizer.ids(each.text), tokenizer.ids(each.pair or ""))
    return keep_pieces(model, kept)


def _student(arguments: argparse.Namespace) -> Checkpoint:
    """The untrained student, with the word pieces of all splits."""
    with open_checkpoint(arguments.model) as model:
        student = student_from_teacher(model, *parse_size(arguments.size))
    paths = [arguments.train, *(getattr(arguments, split) for split in JUDGES)]
    return with_pieces_of(student, paths, arguments.task)


def _experiment(
    source: Checkpoint, arguments: argparse.Namespace, seed: int, folder: Path
) -> Experiment:
    train: Path = arguments.train
    if arguments.a_label:
        samples = read_samples([train], "train", Kind(arguments.task))
        train = folder / ("train.conll" if arguments.task == "tag" else "train.jsonl")
        write_samples(sample(samples, arguments.a_label, seed), train)
    return prepare(source, FineTuningSpec(arguments.task, train, max_length=arguments.max_length))


def _run(experiment: Experiment, settings: Any, judges: dict[str, DataSet]) -> dict[str, Any]:
    """What was trained, and the figures of its last weights."""
    began = time.process_time()
    start = experiment.initial_checkpoint(settings)
    network = make_network(start, settings, experiment.examples)
    result = train(
        network,
        experiment.objective(settings),
        experiment.batches(settings, 1),
        settings,
        NonChiefRun(Path()),  # nothing of it is kept
    )
    model = network.to_checkpoint(start, result.weights)
    seconds = round(time.process_time() - began, 1)
    figures = {name: evaluate_checkpoint(model, data).figure for name, data in judges.items()}
    return {
        "rows": experiment.count,
        "trained": f"{settings.epochs} x {settings.batch_size}, {settings.learning_rate:g}",
        **figures,
        "seconds": seconds,
    }


def _cell(arguments: argparse.Namespace) -> str:
    rows = f"{arguments.a_label} a label" if arguments.a_label else "all"
    return f"{arguments.train.stem}, {arguments.task}, {arguments.size}, {rows}"


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="whose weights the student is made of")
    parser.add_argument("--size", default="2/128")
    parser.add_argument("--task", default="classify")
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--dev", type=Path, required=True, help="chooses the best")
    parser.add_argument("--test", type=Path, required=True, help="shows it")
    parser.add_argument("--a-label", type=int, help="rows of each label; left out: all")
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True)
    return parser.parse_args(given)


if __name__ == "__main__":
    raise SystemExit(main())
