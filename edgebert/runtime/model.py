"""A converted model, ready for text: what `edgebert.load` gives."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np

from edgebert.bert.weights import Array
from edgebert.errors import EdgebertError, TruncationWarning
from edgebert.model_file.read import ModelFile, read_model_file
from edgebert.model_file.record import SelfTest
from edgebert.runtime.batch import BATCH_SIZE, Item, stream
from edgebert.runtime.engines import EngineName
from edgebert.runtime.session import Session
from edgebert.runtime.sessions import Sessions
from edgebert.runtime.tasks import FINISH
from edgebert.tokenizer.wordpiece import Encoding, Tokenizer


class Reply(NamedTuple):
    """An answer with what was done to get it.

    Attributes:
        value: as the task gives it (see `Model`).
        tokens: number of tokens the model saw.
        truncated: the end of the text was cut off.
    """

    value: Any
    tokens: int
    truncated: bool


@dataclass(frozen=True)
class SelfTestReport:
    """What became of the file's self-test on this machine.

    Attributes:
        failures: one line for each text that failed; empty when all is well.
        largest_difference: to the recorded outputs.
        tolerance: what is allowed.
    """

    texts: int
    failures: tuple[str, ...]
    largest_difference: float
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether every text gave its recorded ids and output."""
        return not self.failures


class Model:
    """Text in, answer out. Threads may share a model; they take turns.

    What a call gives depends on the task of the file: `embed` a float32 vector [H]; `classify` a
    `Classification`; `regress` a float; `encode` a float32 array [n, H], one row a token; `tag`,
    `answer` and `fill-mask` the raw logits [n, …].
    """

    def __init__(self, file: ModelFile, *, engine: EngineName, threads: int) -> None:
        record = file.record
        self.path = file.path
        self.record = record
        self.task = record.task
        self.labels = record.labels
        self.max_length = record.max_length
        self.tokenizer = Tokenizer(file.vocabulary, record.tokenizer)
        self._finish = FINISH[record.task]
        self._sessions = Sessions(
            partial(
                Session,
                file.path,
                max_length=record.max_length,
                vocab_size=record.model.vocab_size,
                engine=engine,
                threads=threads,
                needs=record.minimum_runtime,
            )
        )
        self._session = self._sessions.first
        self.engine = self._session.engine
        if self.task == "classify" and len(self.labels or ()) != self._session.output_width:
            raise EdgebertError(
                f"{file.path}: damaged: {len(self.labels or ())} labels for "
                f"{self._session.output_width} scores"
            )

    def __call__(self, text: str, pair: str | None = None) -> Any:
        """The answer for a text, or for a text and its pair.

        Warns:
            TruncationWarning: the text has more than `max_length` tokens; its end was cut off.

        Raises:
            EdgebertError: not a string, or not valid Unicode.
        """
        encoding = self.tokenizer.encode(text, pair)
        if encoding.truncated:
            self._warn()
        return self._answer(encoding, self._session).value

    def reply(self, text: str, pair: str | None = None) -> Reply:
        """Like a call, but tells about truncation in the result instead of by a warning."""
        return self._answer(self.tokenizer.encode(text, pair), self._session)

    def batch(
        self,
        texts: Iterable[Item],
        *,
        batch_size: int = BATCH_SIZE,
        workers: int | None = None,
        replies: bool = False,
    ) -> Iterator[Any]:
        """Answers for any number of texts, in their order, by several threads.

        The answers are those of a call for each text, bit for bit. Memory holds two batches; the
        texts are read that far ahead.

        Args:
            texts: texts, or tuples of a text and its pair; may be endless.
            batch_size: texts that are sorted by length together.
            workers: threads; None: one a CPU, at most 4. Each has its own copy of the weights as
                the engine packs them, kept until the model is closed.
            replies: give a `Reply` for each text instead of its answer.

        Warns:
            TruncationWarning: before the first answer whose text was cut off; not with `replies`.

        Raises:
            EdgebertError: a wrong argument; or, in the place of its answer, a wrong text.
        """
        found = stream(
            texts,
            self.tokenizer.encode,
            self._answer,
            self._sessions,
            batch_size=batch_size,
            workers=workers,
        )
        return found if replies else self._values(found)

    def run_ids(self, ids: Iterable[int], segment_ids: Iterable[int] | None = None) -> Array:
        """The graph's own output for token ids; where it has a row a token, without padding.

        Raises:
            EdgebertError: too many or no ids, or one that is not in the vocabulary.
        """
        ids = list(ids)
        output = self._session.run(ids, None if segment_ids is None else list(segment_ids))
        return output[:, : len(ids)] if output.ndim > 2 else output

    def selftest(self) -> SelfTestReport:
        """Runs the texts recorded in the file and compares ids and outputs."""
        failures: list[str] = []
        largest = 0.0
        for case in self.record.self_test:
            difference = self._check_case(case)
            if isinstance(difference, str):
                failures.append(difference)
                continue
            largest = max(largest, difference)
            if not difference <= self.record.self_test_tolerance:
                failures.append(f"{case.text[:40]!r}: output is off by {difference:.2g}")
        return SelfTestReport(
            len(self.record.self_test), tuple(failures), largest, self.record.self_test_tolerance
        )

    def close(self) -> None:
        """Frees the engine's memory; the model cannot be used any more."""
        self._sessions.close()

    def __enter__(self) -> Model:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _answer(self, encoding: Encoding, session: Session) -> Reply:
        ids, segment_ids, truncated = encoding
        # The last token ends the last segment: where it is 0 there is no other.
        output = session.run(ids, segment_ids if segment_ids[-1] else None)
        return Reply(self._finish(output, len(ids), self.record), len(ids), truncated)

    def _values(self, replies: Generator[Reply, None, None]) -> Iterator[Any]:
        warned = False
        with contextlib.closing(replies):
            for reply in replies:
                if reply.truncated and not warned:
                    self._warn()
                    warned = True
                yield reply.value

    def _warn(self) -> None:
        warnings.warn(
            f"text is longer than {self.max_length} tokens; its end was cut off",
            TruncationWarning,
            stacklevel=3,
        )

    def _check_case(self, case: SelfTest) -> float | str:
        """Largest difference to the recorded output, or what is wrong beside it."""
        name = repr(case.text[:40])
        if tuple(self.tokenizer.encode(case.text, case.pair).ids) != case.ids:
            return f"{name}: tokenised differently"
        output = self.run_ids(case.ids, case.segment_ids)
        if output.shape != case.shape:
            return f"{name}: output has shape {output.shape}, recorded is {case.shape}"
        found = output.reshape(-1)[:: case.stride]
        return float(np.abs(found - np.asarray(case.output, np.float32)).max())


def load(path: str | os.PathLike[str], *, engine: EngineName = "auto", threads: int = 1) -> Model:
    """Opens a file made by `edgebert convert`.

    Args:
        path: the .tflite.
        engine: "auto" takes the best installed engine that runs the file; or "litert",
            "tflite-runtime".
        threads: that one answer may use.

    Raises:
        EdgebertError: no such file, not a file of ours, or no engine for it.
    """
    return Model(read_model_file(Path(path)), engine=engine, threads=threads)
