"""GLUE as google-research/bert published it for its compact models: `make glue`.

    python -m tools.studies.glue MODEL DATA -o FOLDER

DATA is laid out as GLUE is (`SST-2/train.tsv`, `SST-2/dev.tsv` …); tasks that are not there are
left out. Each is trained with the release's grid (batches of 8 to 128, rates of 3e-4 to 3e-5, 4
epochs) and judged on dev; the release's figures are of the hidden test set: compare with care.
Broken off, the same command goes on. With `--cell 32 1e-4` one combination alone is trained.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebert.bert.catalogue import CATALOGUE, Glue
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.fitting.command import run_command

EPOCHS = 4


@dataclass(frozen=True)
class Task:
    """One of GLUE's.

    Attributes:
        folder: its name in GLUE's layout.
        published: the release's figure, percent on the test set.
        metric: that it is.
        dev: its development part; MNLI has two.
        task: of `edgebert finetune`.
    """

    folder: str
    published: Callable[[Glue], float]
    metric: str = "accuracy"
    dev: str = "dev.tsv"
    task: str = "classify"


TASKS = (
    Task("CoLA", lambda glue: glue.cola, "matthews"),
    Task("SST-2", lambda glue: glue.sst2),
    Task("MRPC", lambda glue: glue.mrpc[1]),
    Task("STS-B", lambda glue: glue.stsb[1], "spearman", task="regress"),
    Task("QQP", lambda glue: glue.qqp[1]),
    Task("MNLI", lambda glue: glue.mnli[0], dev="dev_matched.tsv"),
    Task("QNLI", lambda glue: glue.qnli),
    Task("RTE", lambda glue: glue.rte),
    Task("WNLI", lambda glue: glue.wnli),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Trains and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="what to begin with, as for edgebert convert")
    parser.add_argument("data", type=Path, help="folder laid out as GLUE")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the runs")
    parser.add_argument(
        "--cell", nargs=2, metavar=("BATCH", "RATE"), help="one combination in place of the grid"
    )
    given = parser.parse_args(arguments)
    with open_checkpoint(given.model) as checkpoint:
        shape = checkpoint.config.num_hidden_layers, checkpoint.config.hidden_size
    there = [task for task in TASKS if (given.data / task.folder / "train.tsv").exists()]
    if not there:
        parser.error(f"{given.data}: has none of {', '.join(task.folder for task in TASKS)}")
    given.output.mkdir(parents=True, exist_ok=True)
    cell = given.cell and ("--batch-size", given.cell[0], "--learning-rate", given.cell[1])
    figures = {
        task: train(task, given.model, given.data, given.output, cell or ("--grid",))
        for task in there
    }
    print(table(figures, published_of(*shape)))
    return 0


def train(
    task: Task,
    model: str,
    data: Path,
    output: Path,
    which: Sequence[str],
    run: Callable[..., Any] = run_command,
) -> float:
    """The best dev figure of the grid, or of the one combination that `which` says."""
    report = run(
        [
            *("finetune", model, "--task", task.task, "--metric", task.metric),
            *("--train", str(data / task.folder / "train.tsv")),
            *("--dev", str(data / task.folder / task.dev)),
            *(*which, "--epochs", str(EPOCHS)),
            *("-o", str(output / task.folder), "--resume", "--force", "--json"),
        ]
    )
    return float(report["metrics"][task.metric])


def published_of(layers: int, width: int) -> Glue | None:
    """The release's figures of a model of such a shape; None where it has none."""
    shapes = {(model.layers, model.hidden_size): model.glue for model in CATALOGUE}
    return shapes.get((layers, width))


def table(figures: Mapping[Task, float], published: Glue | None) -> str:
    """Ours beside the release's, in percent; a line a task."""
    lines = ["| task | metric | dev, ours | test, published |", "|---|---|---|---|"]
    for task, own in figures.items():
        known = "" if published is None else f"{task.published(published):.1f}"
        lines.append(f"| {task.folder} | {task.metric} | {100 * own:.1f} | {known} |")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
