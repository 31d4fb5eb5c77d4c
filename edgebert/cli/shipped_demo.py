"""What the model that comes with edgebert can do, shown without what the extras bring."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgebert.cli.console import echo
from edgebert.data import read_lines
from edgebert.errors import CheckFailedError
from edgebert.model_file.packaged import PACKAGED
from edgebert.runtime.loading import load

if TYPE_CHECKING:
    from edgebert.runtime.model import Model
    from edgebert.runtime.tasks.classify import Classification

NAME = PACKAGED[0]
SENTENCES = (
    "I lost my card",
    "Why is my new card not here yet?",
    "How can I change my PIN?",
    "Will it rain in Berlin?",
)
_LEAST_SURE = 3


def show_shipped_model(questions: int) -> None:
    """Prints answers of the packaged model, and how long it takes for many questions.

    Raises:
        CheckFailedError: its self-test fails here.
    """
    from edgebert.cli.answers import print_reply_line

    with load(NAME) as model:
        report = model.selftest()
        if not report.passed:
            raise CheckFailedError(f"{NAME}: its self-test fails here; edgebert doctor may say why")
        echo(f"{NAME}, the model that comes with edgebert: {_described(model)}; self-test passed\n")
        for sentence in SENTENCES:
            print_reply_line(model, sentence, None, model.reply(sentence))
        echo("")
        _show_many(model, read_lines("questions.txt")[:questions])


def _described(model: Model) -> str:
    shape, labels = model.record.model, model.labels or ()
    megabytes = model.path.stat().st_size / 1e6
    return f"{shape.num_hidden_layers} layers, {len(labels)} labels, {megabytes:.2f} MB"


def _show_many(model: Model, questions: Sequence[str]) -> None:
    """Answers each question alone, and prints how long that takes and the least sure answers."""
    found: list[tuple[Classification, str]] = []
    seconds = []
    for question in questions:
        start = time.perf_counter()
        found.append((model.reply(question).value, question))
        seconds.append(time.perf_counter() - start)
    unsure = [(answer, question) for answer, question in found if answer.abstained]
    echo(
        f"{len(questions):,} questions of bank customers, one after the other: {sum(seconds):.2f} "
        f"s, {statistics.median(seconds) * 1e3:.2f} ms each (median, 1 thread)"
    )
    echo(f"not sure of {len(unsure)} of them, least of")
    for answer, question in sorted(unsure, key=lambda row: row[0].score)[:_LEAST_SURE]:
        echo(f"  {answer.score:.4f}  {question}")
