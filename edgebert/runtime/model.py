"""A converted model, ready for text: what `edgebert.load` gives."""

from __future__ import annotations

import contextlib
import inspect
import os
import warnings
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any

from edgebert.arrays import Array
from edgebert.bert import tasks
from edgebert.errors import EdgebertError, TruncationWarning
from edgebert.model_file.read import ModelFile, read_model_file
from edgebert.runtime.reply import Reply
from edgebert.runtime.sessions import Sessions, open_session
from edgebert.runtime.tasks import TASKS, output_width
from edgebert.runtime.tasks.task import Job
from edgebert.support import EngineName

if TYPE_CHECKING:
    from pathlib import Path

    from edgebert.runtime.batch import Item
    from edgebert.runtime.self_test import SelfTestReport

__all__ = ["Model", "Reply", "load"]


class Model:
    """Text in, answer out. Threads may share a model; they take turns.

    What a call gives, and which options it takes, depends on the task of the file:

    | task | call | gives |
    |---|---|---|
    | embed | `model(text, pair=None, prompt=, truncate=, long=, stride=)` | float32 vector [H] |
    | classify | the same without `prompt` | `Classification` |
    | regress | like classify | float |
    | encode | `model(text, pair=None, truncate=)` | float32 array [n, H], one row a token |
    | tag | `model(text, strategy=, long=, stride=)` | list of `Span` |
    | answer | `model(question, context, top=, null_threshold=, …)` | `Answer` or None, or a list |
    | fill-mask | `model(text, top=)` | list of `Fill`; for several masks a list of lists |

    Each option is explained where the task is: `prepare` in `edgebert.runtime.tasks`.
    """

    def __init__(self, file: ModelFile, *, engine: EngineName, threads: int) -> None:
        record = file.record
        self._file = file
        self.record = record
        self.task = record.task
        self.labels = record.labels
        self.multi_label = record.multi_label
        self.prompts = record.prompts
        self.max_length = record.max_length
        self.tokenizer = file.tokenizer()
        self._task = TASKS[record.task](file, self.tokenizer)
        self._sessions = Sessions(
            partial(
                open_session,
                file.location,
                max_length=record.max_length,
                integer=record.integer,
                engine=engine,
                threads=threads,
                needs=record.minimum_runtime,
            )
        )
        self._session = self._sessions.first
        self.engine = self._session.engine
        self._check_graph()

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._file.path

    def __call__(self, text: str, pair: str | None = None, **options: Any) -> Any:
        """The answer for a text, or for a text and its pair (for `answer`: question and context).

        Warns:
            TruncationWarning: the text has more than `max_length` tokens; its end (or its
                start, where the tokenizer says so) was cut off.

        Raises:
            EdgebertError: not a string, not valid Unicode, or an option that the task has not.
        """
        if options:
            self._check_options(options)
        reply = self._task.answer(self._task.prepare(text, pair, **options), self._session)
        if reply.truncated:
            self._warn()
        return reply.value

    def reply(self, text: str, pair: str | None = None, **options: Any) -> Reply:
        """Like a call, but tells about truncation in the result instead of by a warning."""
        return self.answer(self.prepare(text, pair, **options))

    def prepare(self, text: str, pair: str | None = None, **options: Any) -> Job:
        """The first half of `reply`: checks and tokenises; `answer` is the second."""
        self._check_options(options)
        job: Job = self._task.prepare(text, pair, **options)
        return job

    def answer(self, job: Job) -> Reply:
        """The second half of `reply`: runs what `prepare` gave."""
        return self._task.answer(job, self._session)

    def watch(self, around: Callable[[Any], Any]) -> None:
        """Puts something around the interpreter that calls use (see `Session.watch`)."""
        self._session.watch(around)

    def batch(
        self,
        texts: Iterable[Item],
        *,
        batch_size: int | None = None,
        workers: int | None = None,
        replies: bool = False,
        **options: Any,
    ) -> Generator[Any, None, None]:
        """Answers for any number of texts, in their order, by several threads.

        The answers are those of a call for each text, bit for bit. Memory holds two batches; the
        texts are read that far ahead.

        Args:
            texts: texts, or tuples of a text and its pair; may be endless.
            batch_size: texts that are sorted by length together; None: 256.
            workers: threads; None: one a CPU, at most 4. Each has its own copy of the weights as
                the engine packs them, kept until the model is closed.
            replies: give a `Reply` for each text instead of its answer.
            options: of the task, as in a call.

        Warns:
            TruncationWarning: before the first answer whose text was cut off; not with `replies`.

        Raises:
            EdgebertError: a wrong argument; or, in the place of its answer, a wrong text.
        """
        from edgebert.runtime.batch import BATCH_SIZE, stream

        self._check_options(options)
        found = stream(
            texts,
            partial(self._task.prepare, **options),
            self._task.answer,
            self._sessions,
            batch_size=BATCH_SIZE if batch_size is None else batch_size,
            workers=workers,
        )
        return found if replies else self._values(found)

    def run_ids(
        self,
        ids: Iterable[int],
        segment_ids: Iterable[int] | None = None,
        positions: Iterable[int] | None = None,
    ) -> Array:
        """The graph's own output for token ids; where it has a row a token, without padding.

        Args:
            ids: token ids, special ones included.
            segment_ids: 0 or 1 for each token; None: all 0, or as the file tells them itself.
            positions: of `fill-mask`: the tokens to compute; None: all.

        Raises:
            EdgebertError: too many or no ids, one that is not in the vocabulary, a position that
                is no token, segments that the model has not or that are not one for each id, or
                such as a file which is given ids alone cannot know.
        """
        ids = list(ids)
        self._check_ids(ids)
        segments = None if segment_ids is None else list(segment_ids)
        if segments is not None:
            self._check_segment_values(segments, len(ids))
        if "segment_ids" not in self._session.inputs:
            self._check_segments(ids, segments)
        every: dict[str, Sequence[int]]
        every = {name: range(len(ids)) for name in self._session.further_inputs}
        if positions is not None:
            every["positions"] = list(positions)
        return self._session.run(ids, segments, every)

    def selftest(self) -> SelfTestReport:
        """Runs the texts recorded in the file and compares ids and outputs."""
        from edgebert.runtime.self_test import self_test

        return self_test(self.record, self.tokenizer, self._session)

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

    def _values(self, replies: Generator[Reply, None, None]) -> Generator[Any, None, None]:
        warned = False
        with contextlib.closing(replies):
            for reply in replies:
                if reply.truncated and not warned:
                    self._warn()
                    warned = True
                yield reply.value

    def _check_graph(self) -> None:
        """Refuses a graph that is not that of the record's task."""
        session, needed = self._session, tasks.TASKS[self.task].inputs
        if set(session.further_inputs) != set(needed):
            raise EdgebertError(
                f"{self.path}: damaged: for {self.task} it has the inputs "
                f"{', '.join(session.further_inputs) or 'none'} beside those of every file; "
                f"needed: {', '.join(needed) or 'none'}; convert again"
            )
        width = output_width(self.record)
        if session.output_width != width:
            named = "labels" if self.task in ("classify", "tag") else "values"
            raise EdgebertError(
                f"{self.path}: damaged: {width} {named} in its record for "
                f"{session.output_width} outputs of its graph"
            )

    def _check_ids(self, ids: Sequence[int]) -> None:
        """Refuses ids that do not come from the file's own tokenizer and are out of range."""
        vocab_size = self.record.model.vocab_size
        for number in ids:
            if not 0 <= number < vocab_size:
                raise EdgebertError(f"id {number}: ids go from 0 to {vocab_size - 1}")

    def _check_segment_values(self, segment_ids: Sequence[int], tokens: int) -> None:
        """Refuses segments that are not one for each token, or that the model does not know."""
        if len(segment_ids) != tokens:
            raise EdgebertError(f"{len(segment_ids)} segment ids for {tokens} ids; give as many")
        most = (self.record.model.type_vocab_size or 2) - 1  # of a model without, any will do
        if wrong := next((each for each in segment_ids if not 0 <= each <= most), None):
            raise EdgebertError(f"segment id {wrong}: the model has 0 to {most}")

    def _check_segments(self, ids: Sequence[int], segment_ids: Sequence[int] | None) -> None:
        """Refuses segments that are not those that a graph sees in the ids."""
        if segment_ids is not None and segment_ids != self.tokenizer.segments(ids):
            raise EdgebertError(
                f"{self.path}: takes ids alone, from which it takes the segments; others "
                "need a file converted with --inputs ids,mask,segment_ids"
            )

    def _check_options(self, options: Mapping[str, Any]) -> None:
        """Refuses options that the task has not."""
        if not options:
            return
        parameters = inspect.signature(self._task.prepare).parameters.values()
        known = [each.name for each in parameters if each.kind == each.KEYWORD_ONLY]
        if unknown := next((name for name in options if name not in known), None):
            raise EdgebertError(
                f"{self.task} has no option {unknown!r}; it has: {', '.join(known)}"
            )

    def _warn(self) -> None:
        end = "end" if self.tokenizer.options.truncation_side == "right" else "start"
        warnings.warn(
            f"text is longer than {self.max_length} tokens; its {end} was cut off",
            TruncationWarning,
            stacklevel=3,
        )


def load(path: str | os.PathLike[str], *, engine: EngineName = "auto", threads: int = 1) -> Model:
    """Opens a file made by `edgebert convert`.

    Args:
        path: the .tflite.
        engine: "auto" takes the best installed engine that runs the file; or "litert",
            "tflite-runtime".
        threads: that one answer may use.

    A file of a version that wrote no checksum is tried in a child process first, since the engine
    can crash on one that is damaged (see `trial`).

    Raises:
        EdgebertError: no such file, not a file of ours, damaged, or no engine for it.
    """
    file = read_model_file(path)
    if file.record.graph_crc32c is None:
        from edgebert.runtime.trial import try_apart

        try_apart(file, engine=engine, threads=threads)
    return Model(file, engine=engine, threads=threads)
