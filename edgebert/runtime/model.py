"""A converted model, ready for text: what `edgebert.load` gives."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable, Generator, Iterable, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from edgebert.arrays import Array
from edgebert.bert.tasks import TaskName
from edgebert.errors import AcceleratorWarning, EdgebertError, TruncationWarning
from edgebert.model_file.read import ModelFile, read_model_file
from edgebert.model_file.record import Record
from edgebert.runtime.checks import (
    check_graph,
    check_ids,
    check_segment_values,
    check_segments,
    whole_numbers,
)
from edgebert.runtime.engines import check_threads
from edgebert.runtime.reply import Reply
from edgebert.runtime.sessions import Sessions, open_session
from edgebert.runtime.tasks import make_task, output_width
from edgebert.runtime.tasks.embed import to_length_one
from edgebert.runtime.tasks.task import Job, check_options
from edgebert.support import AcceleratorChoice, AcceleratorName, EngineName
from edgebert.tokenizer.tokenizer import Tokenizer, Truncate

if TYPE_CHECKING:
    from pathlib import Path

    from edgebert.model_file.abstention_rule import Abstention
    from edgebert.runtime.batch import Item
    from edgebert.runtime.self_test import SelfTestReport
    from edgebert.runtime.tasks.answer import Answer
    from edgebert.runtime.tasks.classify import Classification
    from edgebert.runtime.tasks.fill_mask import Fill
    from edgebert.runtime.tasks.tag import LongText as LongTagging
    from edgebert.runtime.tasks.tag import Span, Strategy
    from edgebert.runtime.tasks.whole_text import LongText

__all__ = ["Model", "Reply", "load"]

_LABELS_SHOWN = 5


class Model:
    """Text in, answer out. Threads may share a model; they take turns.

    There is a method for each task; a file answers to that of its own task alone, and to a call,
    which is the short form where types do not matter:

    | task | method, and the same as a call | gives |
    |---|---|---|
    | classify | `classify(text, pair)`, `model(text, pair)` | `Classification` |
    | embed | `embed(text)`, `model(text)` | float32 vector [H] |
    | regress | `regress(text, pair)`, `model(text, pair)` | float |
    | encode | `encode(text)`, `model(text)` | float32 array [n, H], one row a token |
    | tag | `tag(text)`, `model(text)` | list of `Span` |
    | answer | `answer(question, context)`, `model(question, context)` | `Answer` or None |
    | fill-mask | `fill_mask(text)`; `model(text)` | list of `Fill` for each mask; see there |

    A call takes the options of the task's method; for tag and answer also `scores`, which gives
    those of each word (`tasks.word_scores`) in place of spans. All of them warn with
    `TruncationWarning` where something was cut off to fit the model, which `reply` tells in its
    result instead, and raise `EdgebertError` where a text is not a string or not valid Unicode, or
    an option is wrong.

    A model can be pickled: it is opened anew, from its path, where it arrives.

    Attributes:
        record: what the file tells about itself.
        task: what it was converted for.
        labels: in the order of the outputs; None where the task has none.
        multi_label: labels are independent of each other.
        abstention: the file's rule of when to abstain; None where it has none.
        threshold: the score below which it abstains instead, as `load` was told.
        prompts: texts that `embed` can put before a text, by name.
        max_length: most tokens of one input.
        tokenizer: of the file.
        engine: that runs it.
        threads: that one answer may use.
        accelerator: "gpu" where that answers, else "cpu".
    """

    record: Record
    task: TaskName
    labels: tuple[str, ...] | None
    multi_label: bool
    abstention: Abstention | None
    threshold: float | None
    prompts: dict[str, str]
    max_length: int
    tokenizer: Tokenizer
    engine: str
    threads: int
    accelerator: AcceleratorName

    def __init__(
        self,
        file: ModelFile,
        *,
        engine: EngineName,
        threads: int,
        threshold: float | None = None,
        accelerator: AcceleratorName = "cpu",
        hidden: bool = False,
    ) -> None:
        record = file.record
        self._file = file
        self.record = record
        self.task = record.task
        self.labels = record.labels
        self.multi_label = record.multi_label
        self.abstention = record.abstention
        self.prompts = record.prompts
        self.max_length = record.max_length
        self.threads = threads
        self.accelerator = accelerator
        self._engine = engine
        self.threshold = threshold
        self.tokenizer = file.tokenizer()
        self._task = make_task(file, self.tokenizer, threshold)
        self._sessions = Sessions(
            partial(
                open_session,
                file.location,
                max_length=record.max_length,
                fixed=record.fixed_graphs,
                engine=engine,
                threads=threads,
                needs=record.minimum_runtime,
                accelerator=accelerator,
                hidden=hidden,
            )
        )
        self._session = self._sessions.first
        self.engine = self._session.engine
        check_graph(file, self._session)
        if accelerator != "cpu":
            self._require_right_answers()

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._file.path

    def classify(
        self,
        text: str,
        pair: str | None = None,
        *,
        truncate: Truncate = "longest",
        long: LongText = "truncate",
        stride: int | None = None,
    ) -> Classification:
        """The best label for a text, or a text and its pair, with the score of every label.

        Args:
            text: to be labelled.
            pair: the second text of a task on pairs.
            truncate: the text of a pair that gives way where both do not fit: the "longest", or
                always the "first" or the "second".
            long: what to do with a single text that does not fit. "truncate" cuts its end off
                (or its start, where the tokenizer says so). The others take windows of it: "mean"
                and "max" of their probabilities, "first" of the first window alone.
            stride: most tokens from one window's start to the next; None: a whole window.
        """
        answer: Classification = self._answer(
            "classify", text, pair, truncate=truncate, long=long, stride=stride
        )
        return answer

    def regress(
        self,
        text: str,
        pair: str | None = None,
        *,
        truncate: Truncate = "longest",
        long: LongText = "truncate",
        stride: int | None = None,
    ) -> float:
        """A number for a text, or a text and its pair; arguments as for `classify`."""
        value: float = self._answer(
            "regress", text, pair, truncate=truncate, long=long, stride=stride
        )
        return value

    def embed(
        self,
        text: str | Sequence[Item],
        pair: str | None = None,
        *,
        prompt: str | None = None,
        truncate: Truncate = "longest",
        long: LongText = "truncate",
        stride: int | None = None,
    ) -> Array:
        """A vector for a text, or one for each of several.

        Args:
            text: one text; or a sequence of texts, or of tuples of a text and its pair, which run
                as in `batch`.
            pair: of one text; the rest as for `classify`, and:
            prompt: name of one of the file's prompts, which is put before each text; None: the
                file's default prompt, if it has one; "": none.
            truncate: see `classify`.
            long: see `classify`; windows are combined number by number, and the result is scaled
                to length 1 again where the file does so.
            stride: see `classify`.

        Returns:
            float32 [H]; of a sequence [texts, H].
        """
        options = {"truncate": truncate, "long": long, "stride": stride, "prompt": prompt}
        if isinstance(text, str):
            vector: Array = self._answer("embed", text, pair, **options)
            return vector
        vectors = self._answers("embed", text, pair, options)
        return np.stack(vectors) if vectors else np.empty((0, output_width(self.record)), "f4")

    @overload  # a string is a sequence of strings, too, but not meant so
    def encode(  # type: ignore[overload-overlap]
        self, text: str, pair: str | None = None, *, truncate: Truncate = "longest"
    ) -> Array: ...

    @overload
    def encode(
        self, text: Sequence[Item], pair: None = None, *, truncate: Truncate = "longest"
    ) -> list[Array]: ...

    def encode(
        self,
        text: str | Sequence[Item],
        pair: str | None = None,
        *,
        truncate: Truncate = "longest",
    ) -> Array | list[Array]:
        """The hidden states of a text, or of each of several.

        Args:
            text: one text; or a sequence as for `embed`.
            pair: of one text.
            truncate: see `classify`.

        Returns:
            float32 [n, H], a row for each token, special ones included. Texts have different
            numbers of tokens, so of a sequence it is a list of such arrays.
        """
        if isinstance(text, str):
            states: Array = self._answer("encode", text, pair, truncate=truncate)
            return states
        return self._answers("encode", text, pair, {"truncate": truncate})

    def tag(
        self,
        text: str,
        *,
        strategy: Strategy = "first",
        long: LongTagging = "truncate",
        stride: int | None = None,
    ) -> list[Span]:
        """The labelled spans of a text: names, places, parts of speech.

        Args:
            text: to be tagged.
            strategy: a word's label is that of its "first" piece, or the one that the "average"
                of its pieces' probabilities favours.
            long: what to do with a text that does not fit: "truncate" cuts its end off (or its
                start, where the tokenizer says so); "windows" takes each token from the window
                that shows most text around it.
            stride: most tokens from one window's start to the next; None: half a window.
        """
        spans: list[Span] = self._answer("tag", text, strategy=strategy, long=long, stride=stride)
        return spans

    @overload
    def answer(
        self,
        question: str,
        context: str,
        *,
        top: None = None,
        null_threshold: float | None = None,
        max_answer_length: int = 30,
        stride: int | None = None,
    ) -> Answer | None: ...

    @overload
    def answer(
        self,
        question: str,
        context: str,
        *,
        top: int,
        null_threshold: float | None = None,
        max_answer_length: int = 30,
        stride: int | None = None,
    ) -> list[Answer]: ...

    def answer(
        self,
        question: str,
        context: str,
        *,
        top: int | None = None,
        null_threshold: float | None = None,
        max_answer_length: int = 30,
        stride: int | None = None,
    ) -> Answer | list[Answer] | None:
        """Where the answer to a question stands in a context of any length.

        Args:
            question: takes at most half of what fits; beyond that its end is cut off.
            context: where the answer is to be found; of any length.
            top: None gives the best answer, or None where there is none; a number gives a list of
                at most so many, the best first.
            null_threshold: None: there is always an answer. A number: there is none where the
                logit of the null answer ([CLS]; the lowest of all windows) is above that of the
                best answer by more than this, as in SQuAD 2.0, where 0 is usual.
            max_answer_length: most tokens in an answer.
            stride: most tokens from one window's start to the next; None: half a window. An
                answer that no window holds whole is not found.
        """
        found: Answer | list[Answer] | None = self._answer(
            "answer",
            question,
            context,
            top=1 if top is None else top,
            null_threshold=null_threshold,
            max_answer_length=max_answer_length,
            stride=stride,
        )
        if top != 1:
            return found
        return [] if found is None else [found]  # type: ignore[list-item]

    def fill_mask(self, text: str, *, top: int = 5) -> list[list[Fill]]:
        """What stands best at each [MASK] of a text.

        Args:
            text: with one or more [MASK].
            top: number of pieces to give for each mask.

        Returns:
            A list for each mask, in their order, the best piece first. (A call gives the inner
            list alone where there is one mask.)
        """
        fills: list[Any] = self._answer("fill-mask", text, top=top)
        return fills if isinstance(fills[0], list) else [fills]

    @overload  # a string is a sequence of strings, too, but not meant so
    def similarity(self, a: str, b: str) -> float: ...  # type: ignore[overload-overlap]

    @overload
    def similarity(
        self, a: str | Sequence[Item] | Array, b: str | Sequence[Item] | Array
    ) -> Array: ...

    def similarity(
        self, a: str | Sequence[Item] | Array, b: str | Sequence[Item] | Array
    ) -> float | Array:
        """The cosine of two texts, or of each of some with each of others.

        Args:
            a: a text, a sequence of texts, or vectors that `embed` gave: [H] or [texts, H].
            b: the same.

        Returns:
            A float for two texts; otherwise float32 with an axis for each side that is more than
            one text: `similarity(texts, others)` is [texts, others].

        Raises:
            EdgebertError: the file is not for `embed`, or vectors have another width.
        """
        first, second = (to_length_one(self._vectors(each)) for each in (a, b))
        cosines = np.clip(first @ second.T, -1, 1)
        if isinstance(a, str) and isinstance(b, str):
            return float(cosines)
        return np.asarray(cosines, np.float32)

    def __call__(self, text: str, pair: str | None = None, **options: Any) -> Any:
        """The answer for a text, or for a text and its pair (for `answer`: question and context).

        Warns:
            TruncationWarning: the text has more than `max_length` tokens; its end (or its
                start, where the tokenizer says so) was cut off.

        Raises:
            EdgebertError: not a string, not valid Unicode, or an option that the task has not.
        """
        task = self._task
        if options:
            check_options(self.task, options, task.options)
        reply = task.infer(task.tokenize(text, pair, **options), self._session)
        if reply.truncated:
            self._warn()
        return reply.value

    def reply(self, text: str, pair: str | None = None, **options: Any) -> Reply:
        """Like a call, but tells about truncation in the result instead of by a warning."""
        return self.infer(self.tokenize(text, pair, **options))

    def tokenize(self, text: str, pair: str | None = None, **options: Any) -> Job:
        """The first half of `reply`: checks and tokenises; `infer` is the second."""
        check_options(self.task, options, self._task.options)
        job: Job = self._task.tokenize(text, pair, **options)
        return job

    def infer(self, job: Job) -> Reply:
        """The second half of `reply`: runs what `tokenize` gave."""
        if not hasattr(job, "length"):
            raise EdgebertError(f"infer runs what tokenize gives; {type(job).__name__} was given")
        return self._task.infer(job, self._session)

    def watch(self, around: Callable[[Any], Any]) -> None:
        """Puts something around the interpreter that calls use (see `Session.watch`)."""
        if not callable(around):
            raise EdgebertError(f"watch takes a function; {type(around).__name__} was given")
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

        check_options(self.task, options, self._task.options)
        found = stream(
            texts,
            partial(self._task.tokenize, **options),
            self._task.infer,
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
        ids = whole_numbers("ids", ids)
        check_ids(self.record, ids)
        segments = None if segment_ids is None else whole_numbers("segment_ids", segment_ids)
        if segments is not None:
            check_segment_values(self.record, segments, len(ids))
        if "segment_ids" not in self._session.inputs:
            check_segments(self._file, self.tokenizer, ids, segments)
        every: dict[str, Sequence[int]]
        every = {name: range(len(ids)) for name in self._session.further_inputs}
        if positions is not None:
            every["positions"] = whole_numbers("positions", positions)
        return self._session.run(ids, segments, every)

    def selftest(self) -> SelfTestReport:
        """Runs the texts recorded in the file and compares ids and outputs."""
        from edgebert.runtime.self_test import self_test

        return self_test(self.record, self.tokenizer, self._session)

    def close(self) -> None:
        """Frees the engine's memory; the model cannot be used any more."""
        self._sessions.close()

    def __repr__(self) -> str:
        shape = self.record.model
        labels = self.labels or ()
        parts = [
            f"{self.task}, {shape.num_hidden_layers} layers of {shape.hidden_size}",
            self.record.quantization.name,
            *([f"{len(labels)} labels {_listed(labels)}"] if labels else []),
            repr(os.fspath(self._file.location)),
            *(["closed"] if self._sessions.closed else []),
        ]
        return f"<edgebert.Model {', '.join(parts)}>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from edgebert.page.notebook import notebook_table

        shape, labels = self.record.model, self.labels or ()
        rows = [
            ("task", self.task),
            ("size", f"{shape.num_hidden_layers} layers of {shape.hidden_size}"),
            ("weights", self.record.quantization.name),
            *([("labels", f"{len(labels)}: {_listed(labels)}")] if labels else []),
            ("longest text", f"{self.max_length} tokens"),
            ("engine", self.engine),
        ]
        return notebook_table(os.fspath(self._file.location), (), rows)

    def __reduce__(self) -> tuple[Callable[..., Model], tuple[()]]:
        if self._sessions.closed:
            raise EdgebertError(f"{self.path}: the model is closed; it cannot be pickled")
        path = os.path.abspath(self._file.location)  # noqa: PTH100 (as `ModelFile.path`)
        again = partial(load, path, engine=self._engine, threads=self.threads)
        return partial(again, threshold=self.threshold, accelerator=self.accelerator), ()

    def __enter__(self) -> Model:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def accelerated(self) -> float:
        """Share of the graph's ops that the accelerator runs, 0 to 1; 0 on the cpu."""
        if self.accelerator == "cpu":
            return 0.0
        with self._sessions.borrow() as session:
            return session.delegation().share

    def _require_right_answers(self) -> None:
        from edgebert.runtime.accelerator import require_right_answers

        try:
            require_right_answers(self.path, self.selftest(), self.record)
        except EdgebertError:
            self.close()
            raise

    def _values(self, replies: Generator[Reply, None, None]) -> Generator[Any, None, None]:
        warned = False
        with contextlib.closing(replies):
            for reply in replies:
                if reply.truncated and not warned:
                    self._warn()
                    warned = True
                yield reply.value

    def _answer(self, task: TaskName, text: str, pair: str | None = None, **options: Any) -> Any:
        """What one of the methods gives, of a text."""
        if self.task != task:
            raise self._is_for_another(task)
        reply = self._task.infer(self._task.tokenize(text, pair, **options), self._session)
        if reply.truncated:
            self._warn(above=1)
        return reply.value

    def _answers(
        self, task: TaskName, texts: Sequence[Item], pair: str | None, options: dict[str, Any]
    ) -> list[Any]:
        """What one of the methods gives, of each of several texts."""
        if self.task != task:
            raise self._is_for_another(task)
        if not isinstance(texts, Iterable):
            raise EdgebertError(
                f"a text, or a sequence of texts, is needed; {type(texts).__name__} was given"
            )
        if pair is not None:
            raise EdgebertError("pairs of several texts are given as tuples (text, pair)")
        replies = list(self.batch(texts, replies=True, **options))
        if any(reply.truncated for reply in replies):
            self._warn(above=1)
        return [reply.value for reply in replies]

    def _vectors(self, given: str | Sequence[Item] | Array) -> Array:
        """Vectors of texts, or those that are given: [H] or [texts, H]."""
        if self.task != "embed":
            raise self._is_for_another("embed")
        if not isinstance(given, np.ndarray):
            return self.embed(given)
        width = output_width(self.record)
        if given.ndim not in (1, 2) or given.shape[-1] != width or given.dtype.kind not in "fiu":
            raise EdgebertError(
                f"vectors are {given.dtype} {list(given.shape)}; those of embed are float32 "
                f"[{width}] or [texts, {width}]"
            )
        return given

    def _is_for_another(self, task: TaskName) -> EdgebertError:
        own, asked = (each.replace("-", "_") for each in (self.task, task))
        return EdgebertError(
            f"{self.path}: this file is for {self.task}, not for {asked}; use model.{own}"
        )

    def _warn(self, above: int = 0) -> None:
        """Warns of a text that was cut off, at the line that called the caller of this.

        Args:
            above: frames between that line and the caller of this, beside its own.
        """
        end = "end" if self.tokenizer.options.truncation_side == "right" else "start"
        warnings.warn(
            f"text is longer than {self.max_length} tokens; its {end} was cut off",
            TruncationWarning,
            stacklevel=3 + above,
        )


def load(
    path: str | os.PathLike[str],
    *,
    engine: EngineName = "auto",
    threads: int = 1,
    threshold: float | None = None,
    accelerator: AcceleratorChoice = "cpu",
) -> Model:
    """Opens a file; see `loading.load`, which also opens what is taught to it.

    A file of a version that wrote no checksum is tried in a child process first, since the engine
    can crash on one that is damaged (see `trial`).
    """
    check_arguments(path, threads)
    if accelerator not in ("cpu", "gpu", "auto"):
        raise EdgebertError(f"accelerator {accelerator!r} is unknown; known: cpu, gpu, auto")
    file = read_model_file(path)
    if file.record.graph_crc32c is None:
        from edgebert.runtime.trial import try_apart

        try_apart(file, engine=engine, threads=threads)
    opened = partial(Model, file, engine=engine, threads=threads, threshold=threshold)
    if accelerator != "auto":
        return opened(accelerator=accelerator)
    try:
        return opened(accelerator="gpu")
    except EdgebertError as error:
        model = opened()  # what is wrong on both is raised
        # At the line that called `edgebert.load`, which calls this.
        warnings.warn(f"the cpu runs it: {error}", AcceleratorWarning, stacklevel=3)
        return model


def check_arguments(path: object, threads: object) -> None:
    """Raises EdgebertError unless a path is one, and threads are a number of them."""
    if not isinstance(path, (str, os.PathLike)):
        raise EdgebertError(f"path is {path!r}; the path of a .tflite file is needed")
    check_threads(threads)


def _listed(labels: Sequence[str]) -> str:
    more = ", …" if len(labels) > _LABELS_SHOWN else ""
    return f"({', '.join(map(repr, labels[:_LABELS_SHOWN]))}{more})"
