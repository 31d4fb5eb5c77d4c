"""Quantisation-aware training against calibration: one classifier in four kinds of file.

    python -m tools.studies.qat_against_ptq MODEL --train a.csv --dev b.csv --test c.csv -o qat

MODEL is a folder that `edgebert finetune` or `distill` wrote. It becomes float32, int8 and
int8-full files, the last with ranges from the training texts; then it is trained on, rounded as an
int8-full file is (and, with --also int8, as an int8 file), on the labels or on what --teacher says,
and converted again. All files answer the test data: accuracies with 95 % intervals, and what
training gained over calibration, from the paired bootstrap. Needs TensorFlow (extra `train`).
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import edgebert
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.converter.convert import convert
from edgebert.evaluation.compare import compare
from edgebert.evaluation.data import open_data
from edgebert.evaluation.evaluate import evaluate
from edgebert.train.distillation.distill import TransferSet, distill
from edgebert.train.distillation.options import DistillationOptions
from edgebert.train.distillation.teacher import CheckpointTeacher
from edgebert.train.finetuning.finetune import FineTuningSpec, finetune
from edgebert.train.settings import Qat, Settings

METRIC = "accuracy"


def main() -> int:
    """Trains, converts and compares."""
    arguments = _arguments()
    warnings.simplefilter("ignore", edgebert.TruncationWarning)
    output: Path = arguments.output
    output.mkdir(parents=True, exist_ok=True)
    files = calibrated(arguments.model, arguments.train, output)
    for qat in dict.fromkeys(("int8-full", *arguments.also)):
        folder = trained(arguments, qat, output / f"qat-{qat}")
        files[f"{qat}, trained"] = convert(
            folder, output / f"{qat}-trained.tflite", quantize=qat, force=True
        ).path
    report(files, arguments.test)
    return 0


def calibrated(model: Path, train: Path, output: Path) -> dict[str, Path]:
    """Files of the model as it is, by what they are called."""
    files = {
        name: convert(model, output / f"{name}.tflite", quantize=name, force=True).path
        for name in ("float32", "int8")
    }
    path = output / "int8-full.tflite"
    convert(model, path, quantize="int8-full", calibration=train, force=True)
    return {**files, "int8-full, calibrated": path}


def trained(arguments: argparse.Namespace, qat: Qat, folder: Path) -> Path:
    """The model after some more epochs, rounded; a run that broke off goes on."""
    settings = Settings(
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        dropout=0.0,
        seed=arguments.seed,
        qat=qat,
    )
    with open_checkpoint(str(arguments.model)) as model:
        if arguments.teacher is None:
            task = FineTuningSpec("classify", arguments.train, arguments.dev)
            finetune(model, task, folder, [settings], resume=True, notify=print)
            return folder
        with open_checkpoint(str(arguments.teacher)) as teacher:
            texts = TransferSet(tuple(arguments.transfer), arguments.train, arguments.dev)
            distill(
                CheckpointTeacher(teacher),
                model,
                texts,
                folder,
                [settings],
                options=DistillationOptions(temperature=2.0, hard=0.0),
                resume=True,
                notify=print,
            )
    return folder


def report(files: Mapping[str, Path], test: Path) -> None:
    """Prints a table, and what each trained file gained."""
    data = open_data(test, "classify")
    print(f"\n{'file':24} {METRIC:>8}  95 % interval      MB")
    for name, path in files.items():
        with edgebert.load(path) as model:
            found = evaluate(model, data)
        low, high = found.intervals[METRIC]
        size = path.stat().st_size / 1e6
        print(f"{name:24} {found.metrics[METRIC]:8.4f}  {low:.4f} to {high:.4f}  {size:5.2f}")
    for name in [name for name in files if name.endswith("trained")]:
        before = name.replace("trained", "calibrated") if "full" in name else "int8"
        for other in (before, "float32"):
            with edgebert.load(files[name]) as one, edgebert.load(files[other]) as two:
                found = compare(one, two, data)
            low, high = found.intervals[METRIC]
            difference = found.differences[METRIC]
            print(f"{name} less {other}: {difference:+.4f} ({low:+.4f} to {high:+.4f})")


def _arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="folder of a classifier")
    for name, text in (("train", "labelled data"), ("dev", "to judge by"), ("test", "held out")):
        parser.add_argument(f"--{name}", type=Path, required=True, help=text)
    parser.add_argument("--teacher", help="distil from this checkpoint; else learn from labels")
    parser.add_argument("--transfer", type=Path, action="append", default=[], help="texts for that")
    parser.add_argument("--also", nargs="*", choices=["int8"], default=[], help="train so, too")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for all files")
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main())
