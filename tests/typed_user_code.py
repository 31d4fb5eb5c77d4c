"""A page of typed user code: what `mypy --strict` must accept, and what it must refuse.

A line that is wrong on purpose ends with the mypy error that it must give (see test_typing.py).
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

import edgebert


def label(model: edgebert.Model, text: str) -> str:
    answer = model.classify(text, long="mean")
    best: float = answer.scores[answer.label]
    assert best == answer.score
    print(answer.lable)  # error: attr-defined
    model.classify(text, lnog="mean")  # error: call-arg
    model.classify(text, long="means")  # error: arg-type
    model.classify([text])  # error: arg-type
    return answer.label


def vectors(model: edgebert.Model, texts: list[str]) -> npt.NDArray[np.float32]:
    nearest: float = model.similarity(texts[0], texts[1])
    matrix: npt.NDArray[np.float32] = model.similarity(texts, texts)
    model.embed("text", "pair", prompt="query", truncate="second")
    model.embed(7)  # error: arg-type
    model.embed("text", prmpt="query")  # error: call-arg
    print(nearest, matrix.shape)
    return model.embed(texts)


def states(model: edgebert.Model) -> int:
    rows: int = model.encode("text").shape[0]
    several: list[npt.NDArray[np.float32]] = model.encode(["text", ("text", "pair")])
    model.encode(["text"]).shape  # error: attr-defined
    return rows + len(several)


def found(model: edgebert.Model, question: str, context: str) -> str:
    best = model.answer(question, context, null_threshold=0.0)
    print(best.text)  # error: union-attr
    several = model.answer(question, context, top=3)
    print([each.start for each in several])
    model.answer(question)  # error: call-overload
    return "none" if best is None else best.text


def others(model: edgebert.Model) -> float:
    spans = model.tag("Ada was born in London.", strategy="average", long="windows")
    print([span.text for span in spans], spans[0].lable)  # error: attr-defined
    words = [fills[0].token for fills in model.fill_mask("A [MASK].", top=1)]
    print(words)
    return model.regress("text", "pair")


def everything_that_the_program_does(folder: Path) -> None:
    report = edgebert.convert(folder, folder / "int8.tflite", quantize="int8")
    edgebert.convert(folder, quantize="int9")  # error: arg-type
    edgebert.load(folder / "int8.tflite", threads="2")  # error: call-overload
    with edgebert.load(folder / "int8.tflite", taught=folder / "mine.taught") as teachable:
        teachable.teach("freeze_card", ["please freeze my card"])
        counts: dict[str, int] = teachable.taught()
        teachable.teach_all(counts)  # error: arg-type
    with edgebert.load(report.path, engine="litert", threads=2) as model:
        passed: bool = model.selftest().passed
        reply = model.reply("text")
        print(passed, reply.truncated, reply.tokens)
        evaluation = edgebert.evaluate(model, "dev.tsv", label_column="label")
        print(evaluation.metrics["accuracy"], evaluation.intervals["accuracy"].low)
        comparison = edgebert.compare(model, "float32.tflite", "dev.tsv")
        comparison.require(edgebert.Gate(0.01))
        edgebert.evaluate(model)  # error: call-arg
    outcome = edgebert.benchmark([report.path], "local", threads=(1, 2))
    if outcome.report is not None:
        print([run.engine for device in outcome.report.devices for run in device.runs])
    for hit in edgebert.search("embedder.tflite", "faq.txt", "my card was stolen", top=3):
        print(hit.score, hit.text, hit.lien)  # error: attr-defined
    try:
        raise edgebert.CheckFailedError("lost too much")
    except edgebert.EdgebertError as error:
        print(error)
