"""Trains a tagger and a question answerer on frozen all-MiniLM-L6-v2, and converts both.

    python -m tools.train_heads --wikigold wikigold.conll.txt --xquad xquad.en.json

The encoder stays as it is; each head is one linear layer on its last hidden state, trained in numpy
(softmax cross-entropy, Adam). Neither is a good tagger or answerer: they show whether a converted
head does in int8 what it does in float32, on data that was held out. Exits with 1 where int8 loses
more than one point of F1, or an answer's text is not what stands at its offsets.

Splits: every fifth sentence of wikigold (Balasuriya et al. 2009, CC BY 4.0) is held out, and every
fourth article of XQuAD's English part (Artetxe et al. 2020, CC BY-SA 4.0), so that no passage is
seen in training.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import edgebert
from edgebert.arrays import Array
from edgebert.bert.tasks import TaskName
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.converter.convert import convert_checkpoint
from edgebert.converter.plan import Options, plan
from edgebert.converter.recipes import RecipeName
from edgebert.evaluate.compare import compare
from edgebert.evaluate.conll import Sentence, read_conll
from edgebert.evaluate.data import open_data
from edgebert.evaluate.squad_file import Question, read_squad
from edgebert.runtime.model import Model
from tools.linear_heads import TAGS, train_answerer, train_tagger

SOURCE = "all-minilm-l6-v2"
MAX_LENGTH = 512
MAX_DROP = 0.01


def main() -> int:
    """Trains, converts and evaluates both heads."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wikigold", type=Path, required=True, help="CoNLL columns")
    parser.add_argument("--xquad", type=Path, required=True, help="SQuAD JSON")
    parser.add_argument("--output", type=Path, help="keep the files in this folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, open_checkpoint(SOURCE) as checkpoint:
        output = arguments.output or Path(folder)
        output.mkdir(parents=True, exist_ok=True)
        encoder = convert(checkpoint, "encode", "float32", Path(folder) / "encoder.tflite")
        start = time.perf_counter()
        warnings.simplefilter("ignore", edgebert.TruncationWarning)  # a few passages are longer
        with edgebert.load(encoder) as model:
            heads: Mapping[TaskName, dict[str, Array]] = {
                "tag": train_tagger(model, sentences(arguments.wikigold, held_out=False)),
                "answer": train_answerer(model, questions(arguments.xquad, held_out=False)),
            }
        print(f"trained in {time.perf_counter() - start:.0f} s")
        data = {"tag": output / "held_out.conll", "answer": output / "held_out.json"}
        write_conll(data["tag"], sentences(arguments.wikigold, held_out=True))
        write_squad(data["answer"], questions(arguments.xquad, held_out=True))
        good = [
            judge(checkpoint, task, weights, data[task], output) for task, weights in heads.items()
        ]
    return 0 if all(good) else 1


# Data


def sentences(path: Path, *, held_out: bool) -> list[Sentence]:
    """Sentences of wikigold; every fifth is held out."""
    return [each for at, each in enumerate(read_conll(path)) if (at % 5 == 4) == held_out]


def questions(path: Path, *, held_out: bool) -> list[Question]:
    """Questions of XQuAD; those of every fourth article are held out."""
    return [
        each
        for each in read_squad(path)
        if (int(each.place.split("data[")[1].split("]")[0]) % 4 == 3) == held_out
    ]


def write_conll(path: Path, kept: Iterable[Sentence]) -> None:
    """Writes sentences as `edgebert evaluate` reads them."""
    blocks = (
        "".join(f"{word} {tag}\n" for word, tag in zip(each.words, each.tags, strict=True))
        for each in kept
    )
    path.write_text("\n".join(blocks), encoding="utf-8")


def write_squad(path: Path, kept: Iterable[Question]) -> None:
    """Writes questions as `edgebert evaluate` reads them."""
    paragraphs = [
        {
            "context": each.context,
            "qas": [
                {
                    "question": each.question,
                    "answers": [
                        {"text": text, "answer_start": start}
                        for text, start in zip(each.answers, each.starts, strict=True)
                    ],
                }
            ],
        }
        for each in kept
    ]
    path.write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}), encoding="utf-8")


# Conversion and verdict


def convert(checkpoint: Checkpoint, task: TaskName, recipe: RecipeName, path: Path) -> Path:
    """Converts a checkpoint for one task."""
    options = Options(task=task, quantize=recipe, max_length=MAX_LENGTH)
    convert_checkpoint(checkpoint, plan(options, checkpoint), path, force=True)
    return path


def judge(
    checkpoint: Checkpoint, task: TaskName, head: dict[str, Array], data: Path, output: Path
) -> bool:
    """Converts a head in int8 and float32, and tells whether int8 does what float32 does."""
    labels = TAGS if task == "tag" else None
    trained = replace(checkpoint, weights={**checkpoint.weights, **head}, labels=labels, task=task)
    files = [
        convert(trained, task, recipe, output / f"{task}-{recipe}.tflite")
        for recipe in ("int8", "float32")
    ]
    with edgebert.load(files[0]) as int8, edgebert.load(files[1]) as float32:
        comparison = compare(int8, float32, open_data(data, task))
        wrong = wrong_offsets(int8, data) if task == "answer" else 0
    for name, difference in comparison.differences.items():
        low, high = comparison.intervals[name]
        print(
            f"{task} {name}: int8 {comparison.model.metrics[name]:.4f}, "
            f"float32 {comparison.baseline.metrics[name]:.4f}, difference {difference:+.4f} "
            f"({low:+.4f} to {high:+.4f}); {comparison.model.rows} rows"
        )
    if wrong:
        print(f"{wrong} answers are not what stands at their offsets")
    return comparison.drop("f1") <= MAX_DROP and not wrong


def wrong_offsets(model: Model, data: Path) -> int:
    """How many of the ten best answers to each question are not at their offsets."""
    return sum(
        each.context[answer.start : answer.end] != answer.text
        for each in read_squad(data)
        for answer in model(each.question, each.context, top=10)
    )


if __name__ == "__main__":
    sys.exit(main())
