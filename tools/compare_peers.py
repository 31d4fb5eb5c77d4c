"""Races edgebert's int8 files against ONNX Runtime's int8 models: one process, one thread each.

Needs onnxruntime beside edgebert and, in the folder of peers, `minilm.int8.onnx` (all-MiniLM-L6-v2,
last hidden state as output `h`), `tiny.int8.onnx` and `mini.int8.onnx` (classifiers 2/128, 4/256).
Both sides get each text at its own length. `docs/comparing.md` tells what is timed and how.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import edgebert
from edgebert.benchmark.statistics import Ratio, Times, paired_ratio
from edgebert.bert.weights import Array
from edgebert.checkpoints.sources import MINILM
from edgebert.converter.recipes import RecipeName
from tools.race import describe_cpu, race, race_items, timed
from tools.random_weights import VOCABULARY, convert_drawn, draw_checkpoint, draw_ids

OURS, PEER = "edgebert", "onnxruntime"
WARM_UP = 100
PASSES = 5
LEAST_COSINE = 0.9


@dataclass(frozen=True)
class Target:
    """What is raced, and how many times faster it has to be."""

    name: str
    ratio: float


@dataclass(frozen=True)
class Outcome:
    """Medians in microseconds, and how much longer the peer takes."""

    target: Target
    ours: float
    peer: float
    ratio: Ratio

    @property
    def met(self) -> bool:
        """The ratio is at least the target's."""
        return self.ratio.value >= self.target.ratio


@dataclass(frozen=True)
class Overhead:
    """What `model(text)` costs beside tokenising and invoking, in microseconds.

    Attributes:
        same_length: median where the length stays, as in most calls.
        any_length: median over texts as they come; new lengths make the interpreter set up again.
    """

    same_length: float
    any_length: float


@dataclass(frozen=True)
class Figures:
    """Everything measured; `fidelity` is the mean cosine of MiniLM's vectors to float32."""

    cpu: str
    fidelity: Mapping[str, float]
    outcomes: tuple[Outcome, ...]
    overhead: Overhead


class Peer:
    """An ONNX model with the `tokenizers` library before it."""

    def __init__(self, path: Path, output: str = "logits") -> None:
        import onnxruntime
        from tokenizers.implementations import BertWordPieceTokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(path, options)
        self._output = output
        self._tokenizer = BertWordPieceTokenizer(str(VOCABULARY))

    def __call__(self, text: str) -> Array:
        """The output for a text at its own length."""
        encoding = self._tokenizer.encode(text)
        found: Array = self._session.run([self._output], _feeds(encoding.ids))[0][0]
        return found

    def bound(self, ids: Sequence[int]) -> Callable[[], object]:
        """A call that does nothing but invoke: inputs and outputs are bound before."""
        binding = self._session.io_binding()
        for name, value in _feeds(ids).items():
            binding.bind_cpu_input(name, value)
        binding.bind_output(self._output)
        return lambda: self._session.run_with_iobinding(binding)


class Embedder(Peer):
    """The same with the mean of the tokens' vectors behind it, scaled to length 1."""

    def __call__(self, text: str) -> Array:
        """The sentence vector of a text."""
        mean = super().__call__(text).mean(axis=0)
        vector: Array = mean / np.sqrt(mean @ mean)
        return vector


def _feeds(ids: Sequence[int]) -> dict[str, Any]:
    row = np.array([ids], np.int64)
    return {
        "input_ids": row,
        "attention_mask": np.ones_like(row),
        "token_type_ids": np.zeros_like(row),
    }


def bound(model: edgebert.Model, ids: Sequence[int]) -> Callable[[], object]:
    """A call that does nothing but invoke our file for these ids."""
    model.run_ids(ids)
    invoke: Callable[[], object] = model._session._interpreter.invoke
    return invoke


def race_texts(target: Target, model: edgebert.Model, peer: Peer, texts: Sequence[str]) -> Outcome:
    """Text in, output out, every text once; the first ones warm up."""
    times = race_items({OURS: model, PEER: peer}, texts, warm_up=WARM_UP)
    return _outcome(target, times)


def race_invoke(target: Target, model: edgebert.Model, peer: Peer, tokens: int) -> Outcome:
    """Invoke alone, at one length."""
    ids = draw_ids(tokens)
    return _outcome(target, race({OURS: bound(model, ids), PEER: peer.bound(ids)}))


def measure_overhead(model: edgebert.Model, texts: Sequence[str]) -> Overhead:
    """`model(text)` less `tokenizer.encode(text)` less invoke, text by text."""
    by_length = sorted(texts, key=lambda text: len(model.tokenizer.encode(text).ids))
    return Overhead(same_length=_overhead(model, by_length), any_length=_overhead(model, texts))


def _overhead(model: edgebert.Model, texts: Sequence[str]) -> float:
    """Median over the texts, each at its least of several passes: the calls are that short."""
    # In this order: the first call gives the interpreter the text's length for the last.
    calls = {
        "whole": model,
        "encode": model.tokenizer.encode,
        "invoke": lambda text: model._session._interpreter.invoke(),
    }
    passes = [
        [[timed(partial(call, text), repeats=1) for call in calls.values()] for text in texts]
        for _ in range(PASSES)
    ]
    whole, encode, invoke = np.min(passes, axis=0).T
    return float(np.median(whole - encode - invoke))


def measure_fidelity(
    reference: edgebert.Model, sides: Mapping[str, Callable[[str], Array]], texts: Sequence[str]
) -> dict[str, float]:
    """Mean cosine of each side's vectors to those of the float32 model.

    Raises:
        SystemExit: one is so low that it cannot be the same model.
    """
    cosines = {name: [] for name in sides}
    for text in texts:
        expected = reference(text)
        for name, call in sides.items():
            found = call(text)
            lengths = np.linalg.norm(expected) * np.linalg.norm(found)
            cosines[name].append(expected @ found / lengths)
    means = {name: float(np.mean(values)) for name, values in cosines.items()}
    for name, mean in means.items():
        if mean < LEAST_COSINE:
            raise SystemExit(f"{name}: cosine {mean:.3f} to float32: not the same model")
    return means


def _outcome(target: Target, times: dict[str, Times]) -> Outcome:
    ours, peer = times[OURS], times[PEER]
    return Outcome(target, float(np.median(ours)), float(np.median(peer)), paired_ratio(peer, ours))


def read_column(path: Path, *columns: str) -> list[str]:
    """All texts in these columns of a TSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row[column] for row in rows for column in columns]


def embedder(folder: Path, quantize: RecipeName) -> edgebert.Model:
    """MiniLM, converted and loaded."""
    path = folder / f"minilm-{quantize}.tflite"
    edgebert.convert(MINILM, path, quantize=quantize)
    return edgebert.load(path)


def classifier(folder: Path, size: str, statistics: Path) -> edgebert.Model:
    """A classifier with random weights, converted to int8 and loaded."""
    path = folder / f"{size}.tflite"
    convert_drawn(draw_checkpoint(size, statistics), path)
    return edgebert.load(path)


def compare(
    folder: Path, peers: Path, statistics: Path, stsb: Sequence[str], sst2: Sequence[str]
) -> Figures:
    """Converts into `folder` and races against the models in `peers`."""
    minilm, onnx_minilm = embedder(folder, "int8"), Embedder(peers / "minilm.int8.onnx", "h")
    tiny, onnx_tiny = classifier(folder, "tiny", statistics), Peer(peers / "tiny.int8.onnx")
    mini, onnx_mini = classifier(folder, "mini", statistics), Peer(peers / "mini.int8.onnx")
    sides = {OURS: minilm, PEER: onnx_minilm}
    return Figures(
        cpu=describe_cpu(),
        fidelity=measure_fidelity(embedder(folder, "float32"), sides, stsb[:WARM_UP]),
        outcomes=(
            race_invoke(Target("invoke, 2/128, 32 tokens", 3.5), tiny, onnx_tiny, 32),
            race_invoke(Target("invoke, 2/128, 128 tokens", 3.0), tiny, onnx_tiny, 128),
            race_invoke(Target("invoke, 4/256, 128 tokens", 1.9), mini, onnx_mini, 128),
            race_texts(Target("text, 2/128, SST-2", 2.2), tiny, onnx_tiny, sst2),
            race_texts(Target("text, MiniLM, STS-B", 1.35), minilm, onnx_minilm, stsb),
        ),
        overhead=measure_overhead(tiny, sst2),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, required=True, help="folder of the ONNX models")
    parser.add_argument("--stsb", type=Path, required=True, help="dev.tsv of STS-B")
    parser.add_argument("--sst2", type=Path, required=True, help="dev.tsv of SST-2")
    parser.add_argument("--statistics", type=Path, required=True, help="see random_weights.py")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = compare(
            Path(folder),
            arguments.peers,
            arguments.statistics,
            stsb=read_column(arguments.stsb, "sentence1", "sentence2"),
            sst2=read_column(arguments.sst2, "sentence"),
        )
    if arguments.json:
        print(json.dumps(asdict(figures), indent=1))
    else:
        show(figures)


def show(figures: Figures) -> None:
    """Prints the table."""
    table = Table(title=figures.cpu, title_justify="left")
    for heading in ("one thread, int8", f"{OURS} µs", f"{PEER} µs", "ratio", "target"):
        table.add_column(heading, justify="left" if heading.startswith("one") else "right")
    for outcome in figures.outcomes:
        target = f"{outcome.target.ratio}x {'✓' if outcome.met else '✗'}"
        row = (f"{outcome.ours:.1f}", f"{outcome.peer:.1f}", str(outcome.ratio), target)
        table.add_row(outcome.target.name, *row)
    cosines = ", ".join(f"{name} {cosine:.4f}" for name, cosine in figures.fidelity.items())
    overhead = figures.overhead
    console = Console()
    console.print(table)
    console.print(
        f"model(text) beside tokenising and invoke: {overhead.same_length:.1f} µs at the same "
        f"length, {overhead.any_length:.1f} µs over texts as they come\n"
        f"MiniLM, mean cosine to float32: {cosines}"
    )


if __name__ == "__main__":
    main()
