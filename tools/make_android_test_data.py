"""Makes what the Kotlin library is tested with: models, and what the Python runtime answers.

    python -m tools.make_android_test_data build/android-test-data

Small models of every task are converted from tests/data/reference. `answers.jsonl` has one call a
line: `model` (a file in the folder), `method` and `arguments` as the Kotlin library names them, and
`value`, `tokens` and `truncated` as `edgebert.load` of the same file gives them. Places in texts
are counted in UTF-16, as Kotlin does. `intents.jsonl` has 1,000 test questions of BANKING77 with
what `exact.tflite` answers, which `tools.make_android_models` makes in the same folder, and the
label that the demo's own classifier gives.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import edgebert
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.converter.convert import convert_checkpoint
from edgebert.converter.plan import Options, plan
from edgebert.runtime.model import Model
from edgebert.runtime.reply import Reply
from edgebert.search.search import open_search

TESTS = Path(__file__).parents[1] / "tests/data"
REFERENCE = TESTS / "reference"
SHIPPED = TESTS.parents[1] / "android_demo/app/src/main/assets/models/intents.tflite"
QUESTIONS = 1000

# File, checkpoint, and options of the conversion.
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "classify": ("hf_classifier_2x32", {}),
    "classify-tflite-runtime": ("hf_classifier_2x32", {"runtime": "tflite-runtime"}),
    "classify-float32": ("hf_classifier_2x32", {"quantize": "float32"}),
    "multi-label": ("hf_multi_label_2x32_float16", {}),
    "embed": ("st_embedder_2x32", {}),
    "embed-any-length": ("st_embedder_2x32", {"normalize": False}),
    "encode": ("hf_classifier_2x32", {"task": "encode"}),
    "tag": ("hf_tagger_2x32", {}),
    "answer": ("tf1_answerer_2x32", {}),
    "fill-mask": ("tf1_uncased_L-2_H-32_A-2", {}),
}

SHORT = [
    "How do I locate my card?",
    "",
    "Crème brûlée costs €5, isn't it? 東京 한국어 👩🏽‍🚀 \U0001d165",
    "Paris is the capital of France. Berlin, the capital of Germany, is larger.",
    "ΟΔΟΣ οδος unaffable HELLO\u00a0World\tx\u0301",
]
LONG = " ".join(f"Question {n} 😀 is about my card and {n} euros in Berlin." for n in range(90))
PAIRS = [(SHORT[0], "Where is my card?"), ("a", ""), (LONG, SHORT[2]), (LONG, LONG)]
QUESTION = "Where is the card?"
CONTEXTS = [SHORT[3], SHORT[2], "", LONG]
MASKED = [
    "Paris is the [MASK] of France.",
    "[MASK] is 東京 [MASK] 😀",
    "the cat was sleep [MASK] on",
]


def main() -> None:
    """Writes models and answers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, help="folder for the files")
    folder: Path = parser.parse_args().output
    folder.mkdir(parents=True, exist_ok=True)
    for name, (source, options) in MODELS.items():
        edgebert.convert(REFERENCE / source, folder / f"{name}.tflite", force=True, **options)
    write_regressor(folder / "regress.tflite")
    write_lines(folder / "answers.jsonl", list(answers(folder)))
    write_lines(folder / "search.jsonl", list(found(folder)))
    write_lines(folder / "intents.jsonl", list(intents(folder)))
    (folder / "models").mkdir(exist_ok=True)
    shutil.copyfile(SHIPPED, folder / "models" / SHIPPED.name)


def write_regressor(path: Path) -> None:
    """A classifier's first label as a value."""
    with open_checkpoint(str(REFERENCE / "hf_classifier_2x32")) as checkpoint:
        head = {
            name: weight[:1]
            for name, weight in checkpoint.weights.items()
            if name.startswith("classifier.")
        }
        weights = {**checkpoint.weights, **head}
        regressor = replace(checkpoint, weights=weights, labels=None, task="regress")
        convert_checkpoint(regressor, plan(Options(task="regress"), regressor), path, force=True)


def calls() -> Iterator[tuple[str, dict[str, Any]]]:
    """Models and arguments, which are those of Python's `Model` under its names."""
    for model in MODELS.keys() - {"tag", "answer", "fill-mask", "encode"} | {"regress"}:
        yield from ((model, {"text": text}) for text in (*SHORT, LONG))
        yield from ((model, {"text": text, "pair": pair}) for text, pair in PAIRS)
        yield model, {"text": LONG, "pair": LONG, "truncate": "second"}
        yield from ((model, {"text": LONG, "long": how}) for how in ("mean", "max", "first"))
        yield model, {"text": LONG, "long": "mean", "stride": 50}
    yield from (("encode", {"text": text}) for text in (*SHORT, LONG))
    yield from (("encode", {"text": text, "pair": pair}) for text, pair in PAIRS)
    for text in (*SHORT, LONG):
        yield from (("tag", {"text": text, "strategy": how}) for how in ("first", "average"))
        yield "tag", {"text": text, "long": "windows", "stride": 40}
    for context in CONTEXTS:
        yield from (
            ("answer", {"text": QUESTION, "pair": context, **options})
            for options in (
                {"top": 1},
                {"top": 10},
                {"top": 2, "null_threshold": 0.0},
                {"top": 2, "null_threshold": -50.0},
                {"top": 3, "max_answer_length": 2, "stride": 30},
            )
        )
    yield "answer", {"text": LONG, "pair": CONTEXTS[0], "top": 1}
    yield from (("fill-mask", {"text": text, "top": top}) for text in MASKED for top in (1, 5))


def answers(folder: Path) -> Iterator[dict[str, Any]]:
    """All calls with their answers."""
    models = {name: edgebert.load(folder / f"{name}.tflite") for name in (*MODELS, "regress")}
    for name, options in sorted(calls(), key=lambda call: call[0]):
        model = models[name]
        arguments = dict(options)
        text, pair = arguments.pop("text"), arguments.pop("pair", None)
        reply = model.reply(text, pair, **arguments)
        yield {
            "model": f"{name}.tflite",
            "arguments": options,
            "value": plain(model, reply, text if pair is None else pair),
            "tokens": reply.tokens,
            "truncated": reply.truncated,
        }
    for model in models.values():
        model.close()


def plain(model: Model, reply: Reply, text: str) -> Any:
    """An answer as JSON."""
    value = reply.value
    if model.task in ("embed", "encode"):
        return value.tolist()
    if model.task == "classify":
        return value._asdict()
    if model.task in ("tag", "answer"):
        several = value if isinstance(value, list) else [] if value is None else [value]
        return [in_utf16(each, text) for each in several]
    if model.task == "fill-mask":
        several = value if isinstance(value[0], list) else [value]
        return [[fill._asdict() for fill in fills] for fills in several]
    return value


def in_utf16(place: Any, text: str) -> dict[str, Any]:
    """A span or an answer with its start and end in UTF-16."""
    start, end = (len(text[:at].encode("utf-16-le")) // 2 for at in (place.start, place.end))
    return place._asdict() | {"start": start, "end": end}


def found(folder: Path) -> Iterator[dict[str, Any]]:
    """What a search of a small corpus finds."""
    corpus = folder / "corpus.txt"
    lines = [row["text"] for row in test_questions()[:200]]
    lines[10:10] = ["", "  "]
    corpus.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    index = folder / "corpus.index"
    index.unlink(missing_ok=True)
    with edgebert.load(folder / "embed.tflite") as model:
        search = open_search(model, corpus, index)
        for query in (lines[0], "how much is an exchange", SHORT[2]):
            yield {"query": query, "hits": [hit._asdict() for hit in search(query, top=7)]}


def intents(folder: Path) -> Iterator[dict[str, Any]]:
    """Test questions with the answers of both classifiers."""
    texts = [row["text"] for row in test_questions()[::3]][:QUESTIONS]
    with (
        edgebert.load(folder / "exact.tflite") as exact,
        edgebert.load(SHIPPED) as shipped,
    ):
        for text, answer, quick in zip(
            texts, exact.batch(texts), shipped.batch(texts), strict=True
        ):
            scores = list(answer.scores.values())
            yield {"text": text, "label": answer.label, "scores": scores, "shipped": quick.label}


def test_questions() -> list[dict[str, str]]:
    """BANKING77's test set."""
    with (TESTS / "banking77/test.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    """One JSON object a line."""
    path.write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
    )
    print(f"{path}: {len(rows)} lines")


if __name__ == "__main__":
    main()
