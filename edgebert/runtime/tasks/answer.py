"""Answers to questions: the stretches of a context that answer best (SQuAD)."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from types import NoneType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgebert.errors import EdgebertError
from edgebert.model_file.read import ModelFile
from edgebert.runtime.reply import Reply
from edgebert.runtime.session import Session
from edgebert.runtime.tasks.scores import log_sum_exp
from edgebert.runtime.tasks.task import check_count, check_flag
from edgebert.runtime.tasks.word_scores import ScoredWords, scored_words
from edgebert.runtime.tasks.words import Words, extent
from edgebert.runtime.windows import Window, context, keep_most_context, windows
from edgebert.tokenizer.tokenizer import Encoding, Offsets, Tokenizer

STARTS_AND_ENDS = ("start", "end")
"""What `scores` tells of each word."""


class Answer(NamedTuple):
    """A stretch of the context, `[start, end)` in characters: `text` is what stands there.

    The score is its share (softmax) among all possible answers in all windows, and the null
    answer where a `null_threshold` was given, or the model abstains.

    Attributes:
        abstained: the answer is not to be relied on: another may be right, or there is none. None:
            the file has no rule of when to abstain, and `load` was given no threshold.
    """

    text: str
    start: int
    end: int
    score: float
    abstained: bool | None = None


@dataclass(frozen=True)
class AnswerJob:
    """A question with the windows of its context, which stands at `start` of each input."""

    context: str
    ids: list[int]
    offsets: list[Offsets]
    windows: list[Window]
    inputs: list[Encoding]
    start: int
    top: int
    null_threshold: float | None
    longest: int
    truncated: bool
    scores: bool

    @property
    def length(self) -> int:
        """Tokens of the longest window."""
        return self.inputs[0].length


@dataclass(frozen=True)
class _Candidates:
    """All possible answers.

    Attributes:
        logits: start plus end logit of the answer from token i to token i + j, at [i, j]; -inf
            where there is none.
        null: the logit of the answer that there is none.
    """

    logits: npt.NDArray[np.float64]
    null: float


class AnswerQuestions:
    """Finds the answers to a question in a context: a file's task `answer`."""

    options = ("top", "null_threshold", "max_answer_length", "stride", "scores")

    def __init__(self, file: ModelFile, tokenizer: Tokenizer, min_score: float | None) -> None:
        self._tokenizer, self._min_score = tokenizer, min_score
        self._words = Words(file.vocabulary, file.record.tokenizer)

    def tokenize(
        self,
        question: str,
        context: str | None = None,
        *,
        top: int = 1,
        null_threshold: float | None = None,
        max_answer_length: int = 30,
        stride: int | None = None,
        scores: bool = False,
    ) -> AnswerJob:
        """Tokenises; `Model.answer` tells of the arguments.

        With `scores` the answer is, for each word of the context, the probability that an answer
        starts and that it ends with it; what is missing to 1 is that of no answer.

        A context that does not fit beside the question is cut into windows.

        Raises:
            EdgebertError: no context, an option out of range, or a stride that does not fit.
        """
        if context is None:
            raise EdgebertError("answer takes a question and a context; the context is missing")
        check_count("top", top)
        check_flag("scores", scores)
        check_count("max_answer_length", max_answer_length)
        if not isinstance(null_threshold, (float, int, NoneType)):
            raise EdgebertError(f"null_threshold is {null_threshold!r}; a number is needed")
        tokenizer = self._tokenizer
        capacity = tokenizer.capacity(pair=True)
        asked, ids = tokenizer.ids(question), tokenizer.ids(context)
        kept = tokenizer.cut(asked, capacity // 2)
        left = capacity - len(kept)
        spread = windows(len(ids), left, left // 2 if stride is None else stride)
        return AnswerJob(
            context=context,
            ids=ids,
            offsets=tokenizer.offsets(context),
            windows=spread,
            inputs=[tokenizer.join(kept, ids[start:end]) for start, end in spread],
            top=top,
            null_threshold=null_threshold,
            start=tokenizer.start(len(kept)),
            longest=min(max_answer_length, left),
            truncated=len(kept) < len(asked),
            scores=scores,
        )

    def infer(self, job: AnswerJob, session: Session) -> Reply:
        """Runs all windows and picks the best of their answers, or gives `ScoredWords`."""
        if job.scores:
            tokens = sum(each.length for each in job.inputs)
            return Reply(self._scored(job, session), tokens, job.truncated)
        candidates = _candidates(job, session)
        answers = [] if _is_null(candidates, job) else list(self._best(candidates, job))
        tokens = sum(each.length for each in job.inputs)
        value = answers if job.top > 1 else next(iter(answers), None)
        return Reply(value, tokens, job.truncated)

    def _best(self, candidates: _Candidates, job: AnswerJob) -> Iterator[Answer]:
        """The best answers, each widened to whole words."""
        if not job.ids:
            return
        logits = candidates.logits.reshape(-1)
        total = log_sum_exp(logits)
        least = self._min_score
        if job.null_threshold is not None or least is not None:
            total = np.logaddexp(total, candidates.null)
        firsts, lasts = self._word_of_each(job.ids)
        found: set[Offsets] = set()
        for place in _descending(logits, job.top):
            if len(found) == job.top or logits[place] == -np.inf:
                return
            token, further = divmod(int(place), job.longest)
            offsets = job.offsets[firsts[token] : lasts[token + further] + 1]
            start, end = extent(offsets)
            # Two candidates can be the same stretch of text; the better one came first.
            if (start, end) not in found:
                found.add((start, end))
                score = float(np.exp(logits[place] - total))
                abstained = None if least is None else score < least
                yield Answer(job.context[start:end], start, end, score, abstained)

    def _scored(self, job: AnswerJob, session: Session) -> ScoredWords:
        """The probabilities of the pieces of a word, added up."""
        starts = self._words.starts(job.ids)
        if not len(starts):
            return ScoredWords([])
        ends = np.append(starts[1:], len(job.ids)).tolist()
        places = zip(starts.tolist(), ends, strict=True)
        extents = [extent(job.offsets[start:end]) for start, end in places]
        rows = np.add.reduceat(_probabilities(job, session), starts)
        return scored_words(extents, STARTS_AND_ENDS, rows)

    def _word_of_each(self, ids: list[int]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """For each token, the first and the last token of its word."""
        starts = self._words.starts(ids)
        ends = np.append(starts[1:], len(ids))
        sizes = ends - starts
        return np.repeat(starts, sizes), np.repeat(ends - 1, sizes)


def _candidates(job: AnswerJob, session: Session) -> _Candidates:
    """Every answer with its logit from the window where it has most context."""
    shape = (len(job.ids), job.longest)
    logits = np.full(shape, -np.inf)
    held = np.full(shape, -1)
    null = np.inf
    for window, (ids, segment_ids, _) in zip(job.windows, job.inputs, strict=True):
        rows = session.run(ids, segment_ids)[0].astype(np.float64)
        null = min(null, float(rows[0].sum()))
        inside = rows[job.start :][: window.end - window.start]
        last, around = _spans(len(inside), job.longest)
        keep_most_context(logits, held, window, inside[:, :1] + inside[:, 1][last], around)
    return _Candidates(logits, null)


def _probabilities(job: AnswerJob, session: Session) -> npt.NDArray[np.float64]:
    """Of each token, that an answer starts and that it ends there, [tokens, 2].

    A token has them from the window where it has most context; that there is no answer counts as
    in `_candidates`.
    """
    logits = np.full((len(job.ids), 2), -np.inf)
    held = np.full(len(job.ids), -1)
    null = np.full(2, np.inf)
    for window, (ids, segment_ids, _) in zip(job.windows, job.inputs, strict=True):
        rows = session.run(ids, segment_ids)[0].astype(np.float64)
        if rows[0].sum() < null.sum():
            null = rows[0]
        inside = rows[job.start :][: window.end - window.start]
        keep_most_context(logits, held, window, inside, context(window))
    every = np.concatenate([null[None], logits])
    powers: npt.NDArray[np.float64] = np.exp(every - every.max(axis=0))
    shares: npt.NDArray[np.float64] = powers / powers.sum(axis=0)
    return shares[1:]


@functools.lru_cache(maxsize=4)
def _spans(tokens: int, longest: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Last token and context of each answer in a window, [tokens, longest]; context -1 for none."""
    first = np.arange(tokens)[:, None]
    last = first + np.arange(longest)
    context = np.where(last < tokens, np.minimum(first, tokens - 1 - last), -1)
    return np.minimum(last, tokens - 1), context


def _is_null(candidates: _Candidates, job: AnswerJob) -> bool:
    if job.null_threshold is None:
        return False
    return bool(candidates.null - candidates.logits.max(initial=-np.inf) > job.null_threshold)


def _descending(logits: npt.NDArray[np.float64], top: int) -> npt.NDArray[np.intp]:
    """Places from the highest logit down; where one is asked for, the first alone."""
    return np.array([logits.argmax()]) if top == 1 else np.argsort(-logits, kind="stable")
