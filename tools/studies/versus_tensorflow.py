"""TensorFlow's converter against ours: the same weights, the same answers, and who is faster."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from edgebert.arrays import Array
from edgebert.benchmarking.statistics import Ratio, paired_ratio
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.options import RecipeName
from tools.devices.emulated_pi.count import count
from tools.devices.emulated_pi.root import EmulatedPi
from tools.fixtures.random_weights import convert_drawn, draw_checkpoint, draw_ids
from tools.studies.interleaved_timing import race

LARGEST_DIFFERENCE = 1e-5
RACED = (16, 32, 128)
COUNTED: dict[RecipeName, tuple[int, ...]] = {"float32": (16, 32), "int8": RACED}
"""Lengths; float32 takes minutes to emulate for a wide model and 128 tokens."""

_HERE = Path(__file__).parent
_LABELS = 64  # more numbers to compare than two probabilities that sum to 1


@dataclass(frozen=True)
class ConverterComparison:
    """TensorFlow's file against ours, at one length.

    Attributes:
        time: how much longer theirs takes.
        instructions: how many times more theirs executes on an emulated Raspberry Pi 5.
        difference: largest between probabilities, over the largest of them; only of float32, as
            int8 rounds differently.
    """

    size: str
    quantization: RecipeName
    tokens: int
    time: Ratio
    instructions: float | None
    difference: float | None

    @property
    def failures(self) -> list[str]:
        """The limits it breaks: theirs must agree in float32, and must not be faster."""
        found = []
        if self.difference is not None and not self.difference <= LARGEST_DIFFERENCE:
            found.append(f"differs by {self.difference:.1e}")
        # The count has no noise; without one the whole interval must be on the wrong side.
        if (self.time.high if self.instructions is None else self.instructions) < 1:
            found.append("slower than TensorFlow's")
        return found


def versus_tensorflow(
    size: str, statistics: Path, python: Path, *, pi: Path | None
) -> Iterator[ConverterComparison]:
    """Takes one size through both converters and compares the files at several lengths.

    Args:
        size: of the catalogue.
        statistics: see `random_weights.draw_checkpoint`.
        python: an interpreter that has TensorFlow.
        pi: cache folder of the emulated Raspberry Pi, to count instructions; None: only race.

    Raises:
        SystemExit: the TensorFlow side failed.
    """
    checkpoint = draw_checkpoint(size, statistics, labels=_LABELS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _run_tensorflow(python, checkpoint, folder)
        for recipe, lengths in COUNTED.items():
            ours, theirs = folder / f"ours-{recipe}.tflite", folder / f"{recipe}.tflite"
            convert_drawn(checkpoint, ours, quantize=recipe)
            counts = _count(ours, theirs, lengths, pi) if pi else {}
            for tokens in RACED:
                time, difference = _race(ours, theirs, tokens)
                yield ConverterComparison(
                    size=size,
                    quantization=recipe,
                    tokens=tokens,
                    time=time,
                    instructions=counts.get(tokens),
                    difference=difference if recipe == "float32" else None,
                )


def _run_tensorflow(python: Path, checkpoint: Checkpoint, folder: Path) -> None:
    """Writes TensorFlow's `float32.tflite` and `int8.tflite` into the folder."""
    archive = folder / "weights.npz"
    np.savez(archive, heads=checkpoint.config.num_attention_heads, **checkpoint.weights)
    command = [python, _HERE / "tensorflow_twin.py", archive, folder]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        raise SystemExit(f"{python}: the TensorFlow side failed:\n{ran.stderr[-2000:]}")


def _race(ours: Path, theirs: Path, tokens: int) -> tuple[Ratio, float]:
    """How much longer theirs takes, and the largest difference between their outputs."""
    ids = draw_ids(tokens)
    both = {"ours": _ready(ours, ids), "theirs": _ready(theirs, ids)}
    outputs = [_output(interpreter) for interpreter in both.values()]
    times = race({name: interpreter.invoke for name, interpreter in both.items()})
    difference = np.abs(outputs[0] - outputs[1]).max() / outputs[0].max()
    return paired_ratio([times["theirs"]], [times["ours"]]), float(difference)


def _ready(path: Path, ids: Sequence[int]) -> Any:
    """An interpreter of one thread with its inputs set."""
    interpreter = Interpreter(model_path=str(path), num_threads=1)
    details = interpreter.get_input_details()
    for entry in details:
        interpreter.resize_tensor_input(entry["index"], [1, len(ids)])
    interpreter.allocate_tensors()
    row = np.array([ids], np.int32)
    # TensorFlow calls an input `serving_default_ids:0`; the first name found in it decides.
    values = {"mask": np.ones_like(row), "segment_ids": np.zeros_like(row), "ids": row}
    for entry in details:
        value = next(value for name, value in values.items() if name in entry["name"])
        interpreter.set_tensor(entry["index"], value)
    return interpreter


def _output(interpreter: Any) -> Array:
    interpreter.invoke()
    output: Array = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    return output


def _count(ours: Path, theirs: Path, lengths: Sequence[int], pi: Path) -> dict[int, float]:
    """Instructions of theirs over ours, by number of tokens."""
    emulated = EmulatedPi(pi)
    our_counts, their_counts = (count(emulated, "pi5", path, lengths) for path in (ours, theirs))
    return {
        our.tokens: their.instructions / our.instructions
        for our, their in zip(our_counts, their_counts, strict=True)
    }
