"""Times the published shapes of other families beside the nearest of the 24 and beside float32.

    python -m tools.studies.families_table [NAME ...] [--rounds 30]

Weights are random and seeded: sizes and times do not depend on them. Every figure is of a
classifier of two labels, on one thread; the models of a row take turns, answer by answer.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from edgebert.arrays import Weights
from edgebert.bert.catalogue import VOCABULARY_BYTES
from edgebert.bert.config import BertConfig
from edgebert.bert.relatives import RELATIVES
from edgebert.bert.tasks import TASKS
from edgebert.bert.weights import encoder_shapes, head_shapes
from edgebert.converter.bert_graph import build_graph
from edgebert.converter.head import Head
from edgebert.converter.weight_storage import FLOAT32, INT8, WeightStorage
from edgebert.model_file.serialize import serialize
from edgebert.runtime.sessions import open_session
from tools.fixtures.random_weights import find_size

LENGTHS = (32, 128)
LABELS = 2
SHAPES = ("DistilBERT", "TinyBERT-4", "TinyBERT-6", "ALBERT-base", "ELECTRA-Small", "MobileBERT")
WARM_UP = 3
HEADER = (
    "| model | parameters | int8 file | written in | 32 tokens | 128 tokens "
    "| nearest | of its time at 32 / 128 | of float32's time at 32 / 128 |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=SHAPES, metavar="NAME")
    parser.add_argument("--rounds", type=int, default=30, help="answers of each model")
    args = parser.parse_args()
    known = {model.name: model for model in RELATIVES}
    print(HEADER, flush=True)
    for name in args.names:
        model = known[name]
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            seconds = write(model.config, INT8, folder / "int8.tflite")
            write(model.config, FLOAT32, folder / "float32.tflite")
            write(find_size(model.nearest).config, INT8, folder / "nearest.tflite")
            size = (folder / "int8.tflite").stat().st_size + VOCABULARY_BYTES
            times = {length: taken(folder, length, args.rounds) for length in LENGTHS}
        cells = [
            name,
            f"{model.parameters / 1e6:.1f} M",
            f"{size / 1e6:.1f} MB",
            f"{seconds:.1f} s",
            *(f"{statistics.median(times[length]['int8']):.2f} ms" for length in LENGTHS),
            model.nearest,
            *(ratios(times, other) for other in ("nearest", "float32")),
        ]
        print(f"| {' | '.join(cells)} |", flush=True)


def write(config: BertConfig, storage: WeightStorage, path: Path) -> float:
    """Writes a classifier with random weights; gives the seconds from weights to file."""
    weights = draw(config)
    start = time.perf_counter()
    path.write_bytes(serialize(build_graph(config, weights, Head("classify"), storage).model("")))
    return time.perf_counter() - start


def draw(config: BertConfig, seed: int = 0) -> Weights:
    """Weights spread as those of a BERT, norms near 1."""
    random = np.random.default_rng(seed)
    shapes = dict(encoder_shapes(config))
    for head in TASKS["classify"].needs(config):
        shapes |= head_shapes(head, config)
    weights = {}
    for name, shape in shapes.items():
        sizes = tuple(LABELS if size == -1 else size for size in shape)
        values = random.standard_normal(sizes, np.float32) * np.float32(0.05)
        weights[name] = values + 1 if name.endswith("norm.weight") else values
    return weights


def taken(folder: Path, length: int, rounds: int) -> Mapping[str, Sequence[float]]:
    """Milliseconds of each answer of each model, which take turns."""
    sessions = {
        path.stem: open_session(path, max_length=length) for path in sorted(folder.glob("*.tflite"))
    }
    ids = [1 + 37 * at % 29_000 for at in range(length)]
    times: dict[str, list[float]] = {name: [] for name in sessions}
    for turn in range(WARM_UP + rounds):
        for name, session in sessions.items():
            start = time.perf_counter()
            session.run(ids)
            if turn >= WARM_UP:
                times[name].append(1e3 * (time.perf_counter() - start))
    for session in sessions.values():
        session.close()
    return times


def ratios(times: Mapping[int, Mapping[str, Sequence[float]]], other: str) -> str:
    """At each length, the median over the turns of the int8 model's time by the other's."""
    medians = (
        statistics.median(a / b for a, b in zip(each["int8"], each[other], strict=True))
        for each in times.values()
    )
    return " / ".join(f"{median:.2f}" for median in medians)


if __name__ == "__main__":
    main()
