"""How near files of MiniLM come to float32, on texts of kinds that nobody calibrated on.

The first 1,500 pairs of STS-B give the mean, the lowest cosine and Spearman; of each other kind the
lowest is told. `make lowest-cosines` writes the table of docs/static_int8.md.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

import edgebert
from edgebert.arrays import Array
from edgebert.checkpoints.sources import MINILM
from edgebert.converter.options import RecipeName
from edgebert.evaluation.metrics import spearman
from tools.data_sets import banking77, read_column, read_sentences
from tools.docs.pages import write_between_marks
from tools.fixtures.random_weights import VOCABULARY

RECIPES: tuple[RecipeName, ...] = ("int8", "int8-static", "int8-fine")
PAGE = Path(__file__).parents[2] / "docs/static_int8.md"
MOST = 300
"""Texts of a kind."""
_LONG = 12
"""Sentences of SST-2 that make 256 tokens and more."""

Text = tuple[str, str | None]


def kinds(stsb: Path, sst2: Path, wikigold: Path) -> Mapping[str, Sequence[Text]]:
    """Texts by kind; words are drawn with a seed of their own."""
    drawn = random.Random(20)  # noqa: S311 - a sample
    pieces = VOCABULARY.read_text(encoding="utf-8").split("\n")
    words = [piece for piece in pieces if piece.isalpha() and piece.isascii()]
    movies = read_column(sst2, "sentence")
    questions = [text for text, _ in banking77("test")]
    pairs = zip(*(read_column(stsb / "dev.tsv", f"sentence{n}") for n in (1, 2)), strict=True)
    plain: dict[str, Sequence[str]] = {
        "SST-2": movies,
        "BANKING77": drawn.sample(questions, MOST),
        "WikiGold": [" ".join(words) for words in read_sentences(wikigold)],
        "256 tokens": [" ".join(drawn.sample(movies, _LONG)) for _ in range(60)],
        "single words": drawn.sample(words, MOST),
        "repetitions": [" ".join([word] * n) for word in drawn.sample(words, 60) for n in (3, 40)],
        "random words": [
            " ".join(drawn.choices(words, k=n)) for n in (5, 20, 80) for _ in range(40)
        ],
    }
    found: dict[str, Sequence[Text]] = {
        kind: [(text, None) for text in texts[:MOST]] for kind, texts in plain.items()
    }
    return {**found, "pairs": list(pairs)[:MOST]}


def cosines(mine: Array, right: Array) -> Array:
    """Row by row."""
    lengths = np.linalg.norm(mine, axis=1) * np.linalg.norm(right, axis=1)
    found: Array = np.sum(mine * right, axis=1) / lengths
    return found


def vectors(path: Path, texts: Sequence[Text]) -> Array:
    """What a file answers."""
    with edgebert.load(path) as model:
        return np.array([model(*text) for text in texts])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stsb", type=Path, required=True, help="folder of dev.tsv")
    parser.add_argument("--sst2", type=Path, required=True, help="dev.tsv of SST-2")
    parser.add_argument("--wikigold", type=Path, required=True, help="a word and a tag a line")
    parser.add_argument(
        "--folder", type=Path, help="with files, RECIPE.tflite; missing ones are made"
    )
    parser.add_argument("--publish", action="store_true", help=f"write into {PAGE.name}")
    arguments = parser.parse_args()
    texts = kinds(arguments.stsb, arguments.sst2, arguments.wikigold)
    dev = arguments.stsb / "dev.tsv"
    sentences = [(text, None) for n in (1, 2) for text in read_column(dev, f"sentence{n}")]
    scores = read_column(dev, "score", float)
    with tempfile.TemporaryDirectory() as folder:
        files = {name: _file(arguments.folder or Path(folder), name) for name in RECIPES}
        exact = _file(arguments.folder or Path(folder), "float32")
        right = vectors(exact, sentences)
        columns: dict[str, list[str]] = {}
        for name, path in files.items():
            mine = vectors(path, sentences)
            found = cosines(mine, right)
            half = len(mine) // 2
            rank = spearman(scores, cosines(mine[:half], mine[half:]))
            columns[name] = [f"{found.mean():.4f}, {found.min():.4f}", f"{rank:.4f}"]
        for kind in texts:
            wanted = vectors(exact, texts[kind])
            for name, path in files.items():
                columns[name].append(f"{cosines(vectors(path, texts[kind]), wanted).min():.4f}")
    rows = ["STS-B sentences: mean, lowest", "STS-B pairs, Spearman", *texts]
    found_table = table(rows, columns)
    if arguments.publish:
        write_between_marks(PAGE, "cosines", found_table)
    print(found_table)


def _file(folder: Path, recipe: RecipeName) -> Path:
    path = folder / f"{recipe}.tflite"
    if not path.exists():
        edgebert.convert(MINILM, path, quantize=recipe)
    return path


def table(rows: Sequence[str], columns: Mapping[str, Sequence[str]]) -> str:
    """Markdown, a column a recipe."""
    lines = [f"| | {' | '.join(f'`{name}`' for name in columns)} |"]
    lines.append("|---" * (len(columns) + 1) + "|")
    for at, row in enumerate(rows):
        lines.append(f"| {row} | {' | '.join(column[at] for column in columns.values())} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
