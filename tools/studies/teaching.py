"""What labels that are taught by a few sentences are worth: BANKING77 with 17 intents held out.

    python -m tools.studies.teaching_student FOLDER
    edgebert convert FOLDER/student --teachable FOLDER/train.csv --calibrate FOLDER/dev.csv …
    python -m tools.studies.teaching sixty.tflite all-minilm-l6-v2.tflite

The first line trains a classifier that has never seen the 17 intents (the second has `-o
sixty.tflite --min-coverage 1` at its end). The last prints the table of
docs/abstaining.md: the 17 taught by some of their training questions, 20 draws, measured on the
3,080 test questions. A file for embed is taught the other 60 by all their training questions.
"""

from __future__ import annotations

import argparse
import csv
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edgebert.errors import TruncationWarning
from edgebert.model_file.read import read_model_file
from edgebert.runtime.sessions import open_session
from edgebert.runtime.tasks.embed import to_length_one
from edgebert.runtime.taught_file import TaughtLabel
from edgebert.runtime.teaching_method import TeachingMethod, teaching_method
from tools.data_sets import BANKING77

Array: TypeAlias = npt.NDArray[Any]

HELD_OUT = 17
SENTENCES = (1, 3, 5, 10, 50)
DRAWS = 20


@dataclass(frozen=True)
class Questions:
    """Labels, and what a model gives for each question (scores, hidden state or vector)."""

    labels: list[str]
    outputs: list[Array]


def read(path: Path) -> list[tuple[str, str]]:
    """Questions with their labels."""
    with path.open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file)
    return [(text, label) for text, label in rows]


def held_out(labels: Sequence[str]) -> list[str]:
    """Seventeen of the labels."""
    return sorted(np.random.default_rng(0).choice(sorted(labels), HELD_OUT, replace=False).tolist())


def ask(path: Path, part: str) -> Questions:
    """Runs a model on all questions of a part."""
    file = read_model_file(path)
    tokenizer, method = file.tokenizer(), teaching_method(file, None)
    session = open_session(path, max_length=file.record.max_length, hidden=method.hidden)
    rows = read(BANKING77 / f"{part}.csv")
    outputs = []
    for text, _ in rows:
        ids, segment_ids, _ = tokenizer.encode(text)
        outputs.append(session.run(ids, segment_ids))
    session.close()
    return Questions([label for _, label in rows], outputs)


def shares(
    method: TeachingMethod, taught: dict[str, list[Array]], new: set[str], test: Questions
) -> tuple[float, float, float]:
    """Share of right answers on labels that are not new, on new ones, and on all."""
    entries = [TaughtLabel.of(np.mean(points, axis=0), len(points)) for points in taught.values()]
    matrix = np.stack([to_length_one(entry.mean()) for entry in entries])
    reaches = [method.reach(prototype) for prototype in matrix]
    known = method.prototypes(tuple(taught), matrix, reaches)
    found = [method.answer(output, known).label for output in test.outputs]
    right = np.array([one == other for one, other in zip(found, test.labels, strict=True)])
    of_new = np.array([label in new for label in test.labels])
    return float(right[~of_new].mean()), float(right[of_new].mean()), float(right.mean())


def table(path: Path) -> None:
    """Prints the rows of one model."""
    method = teaching_method(read_model_file(path), None)
    train, test = ask(path, "train"), ask(path, "test")
    names = sorted(set(train.labels))
    new = held_out(names)
    points: dict[str, list[Array]] = {name: [] for name in names}
    for label, output in zip(train.labels, train.outputs, strict=True):
        points[label].append(method.point(output))
    base = {} if method.labels else {name: points[name] for name in names if name not in new}
    if {*method.labels, *base} != set(names) - set(new):
        raise SystemExit(f"{path}: is not for the 60 labels that are not held out")
    if method.labels:
        print(f"{path.name}, nothing taught: {100 * alone(method, test):.2f} % of the 60 labels")
    for count in SENTENCES:
        rows = []
        for draw in range(DRAWS):
            random = np.random.default_rng(draw)
            drawn = {
                name: [points[name][at] for at in random.permutation(len(points[name]))[:count]]
                for name in new
            }
            rows.append(shares(method, {**base, **drawn}, set(new), test))
        (old, taught, every), least = 100 * np.mean(rows, axis=0), 100 * np.min(rows, axis=0)
        print(
            f"{path.name}, {count} sentences: {old:.2f} % (least {least[0]:.2f}) of the 60 labels, "
            f"{taught:.1f} % ({least[1]:.1f}) of those taught, {every:.1f} % of all",
            flush=True,
        )


def alone(method: TeachingMethod, test: Questions) -> float:
    """Share of right answers on a classifier's own labels while nothing is taught."""
    right = [
        method.answer(output, method.prototypes((), np.empty(0), [])).label == label
        for output, label in zip(test.outputs, test.labels, strict=True)
        if label in method.labels
    ]
    return float(np.mean(right))


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+", help="classifiers, embedders")
    options = parser.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TruncationWarning)
        for path in options.files:
            table(path)


if __name__ == "__main__":
    main()
