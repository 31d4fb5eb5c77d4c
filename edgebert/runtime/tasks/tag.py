"""Labelled spans of a text: names, places, parts of speech."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from edgebert.arrays import Array
from edgebert.errors import EdgebertError
from edgebert.model_file.read import ModelFile
from edgebert.runtime.reply import Reply
from edgebert.runtime.session import Session
from edgebert.runtime.tasks.scores import softmax
from edgebert.runtime.tasks.task import check_choice, check_flag, refuse_pair
from edgebert.runtime.tasks.word_scores import scored_words
from edgebert.runtime.tasks.words import Words, extent
from edgebert.runtime.windows import Window, context, keep_most_context, windows
from edgebert.tokenizer.tokenizer import Encoding, Offsets, Tokenizer

Strategy: TypeAlias = Literal["first", "average"]
LongText: TypeAlias = Literal["truncate", "windows"]

OUTSIDE = "O"
"""The label of words that belong to no span."""

# BIO, BIOES and BILOU (L for E, U for S).
_PREFIXED = re.compile(r"([BIESLU])-(.+)", re.DOTALL)
_BEGINS, _ENDS = frozenset("BSU"), frozenset("ESLU")


class Span(NamedTuple):
    """A labelled stretch of the text, `[start, end)` in characters: `text` is what stands there.

    The label has no B- or I- in front; the score is the mean over the words, each with the
    probability of its label.

    Attributes:
        abstained: the span is not to be relied on. None: the file has no rule of when to abstain,
            and `load` was given no threshold.
    """

    label: str
    score: float
    start: int
    end: int
    text: str
    abstained: bool | None = None


class Word(NamedTuple):
    """A word with its label as the model has it."""

    label: str
    score: float
    start: int
    end: int


@dataclass(frozen=True)
class TagJob:
    """A text in windows of its ids."""

    text: str
    ids: list[int]
    offsets: list[Offsets]
    windows: list[Window]
    inputs: list[Encoding]
    strategy: Strategy
    truncated: bool
    scores: bool

    @property
    def length(self) -> int:
        """Tokens of the longest window."""
        return self.inputs[0].length


class Tag:
    """Finds labelled spans in the text of a file's task `tag`."""

    options = ("strategy", "long", "stride", "scores")

    def __init__(self, file: ModelFile, tokenizer: Tokenizer, min_score: float | None) -> None:
        self._tokenizer, self._min_score = tokenizer, min_score
        self._words = Words(file.vocabulary, file.record.tokenizer)
        self._labels = file.record.labels or ()
        self._most, self._start = tokenizer.capacity(), tokenizer.start()

    def tokenize(
        self,
        text: str,
        pair: str | None = None,
        *,
        strategy: Strategy = "first",
        long: LongText = "truncate",
        stride: int | None = None,
        scores: bool = False,
    ) -> TagJob:
        """Tokenises; `Model.tag` tells of the arguments, and `pair` must be None.

        With `scores` the answer is the probability of every label for each word.

        Raises:
            EdgebertError: a pair, an unknown option, or a stride that does not fit.
        """
        refuse_pair("tag", pair)
        check_choice("strategy", strategy, get_args(Strategy))
        check_choice("long", long, get_args(LongText))
        check_flag("scores", scores)
        if stride is not None and long == "truncate":
            raise EdgebertError("stride is for windows; ask for them: long='windows'")
        ids, offsets = self._tokenizer.ids(text), self._tokenizer.offsets(text)
        truncated = long == "truncate" and len(ids) > self._most
        if truncated:
            ids = [*self._tokenizer.cut(ids, self._most)]
            offsets = [*self._tokenizer.cut(offsets, self._most)]
        spread = windows(len(ids), self._most, self._most // 2 if stride is None else stride)
        inputs = [self._tokenizer.join(ids[start:end]) for start, end in spread]
        return TagJob(text, ids, offsets, spread, inputs, strategy, truncated, scores)

    def infer(self, job: TagJob, session: Session) -> Reply:
        """Runs all windows and merges what they say: a list of `Span`, or `ScoredWords`."""
        tokens = sum(each.length for each in job.inputs)
        extents, scores = self._words_of(job, softmax(self._logits(job, session)))
        if job.scores:
            return Reply(scored_words(extents, self._labels, scores), tokens, job.truncated)
        words = self._label(extents, scores)
        spans = [self._span(word, job.text) for word in merge(words, self._labels)]
        return Reply(spans, tokens, job.truncated)

    def _span(self, word: Word, text: str) -> Span:
        label, score, start, end = word
        abstained = None if self._min_score is None else score < self._min_score
        return Span(label, score, start, end, text[start:end], abstained)

    def _logits(self, job: TagJob, session: Session) -> Array:
        """Logits of each token [tokens, K], from the window where it has most context."""
        logits = np.empty((len(job.ids), len(self._labels)), np.float32)
        held = np.full(len(job.ids), -1)
        for window, (ids, segment_ids, _) in zip(job.windows, job.inputs, strict=True):
            rows = session.run(ids, segment_ids)[0, self._start :][: window.end - window.start]
            keep_most_context(logits, held, window, rows, context(window))
        return logits

    def _words_of(
        self, job: TagJob, probabilities: Array
    ) -> tuple[list[Offsets], npt.NDArray[np.floating]]:
        """Where the words of the text stand, and theirs of the tokens' probabilities, [., K]."""
        starts = self._words.starts(job.ids)
        if not len(starts):
            return [], probabilities[:0]
        ends = np.append(starts[1:], len(job.ids))
        scores: npt.NDArray[np.floating] = probabilities[starts]
        if job.strategy == "average":
            scores = np.add.reduceat(probabilities, starts) / (ends - starts)[:, None]
        places = zip(starts.tolist(), ends.tolist(), strict=True)
        return [extent(job.offsets[start:end]) for start, end in places], scores

    def _label(self, extents: list[Offsets], scores: npt.NDArray[np.floating]) -> list[Word]:
        best = scores.argmax(axis=1).tolist()
        words = [
            Word(self._labels[label], float(row[label]), *place)
            for place, label, row in zip(extents, best, scores, strict=True)
        ]
        # To some tokenizers a second space is a word, of no characters.
        return [word for word in words if word.end > word.start]


def merge(words: Iterable[Word], labels: Sequence[str]) -> list[Word]:
    """Joins words into spans, by the scheme that the label set shows.

    Where every label but O has a prefix, a span begins at B, S and U, ends at E, S, L and U, and
    wherever the label behind the prefix changes; a span may also begin with I or E, as conlleval
    reads it. Without prefixes, neighbours of the same label make one span.
    """
    prefixed = all(label == OUTSIDE or _PREFIXED.fullmatch(label) for label in labels)
    spans: list[list[Word]] = []
    open_label: str | None = None
    for word in words:
        if word.label == OUTSIDE:
            open_label = None
            continue
        found = _PREFIXED.fullmatch(word.label) if prefixed else None
        prefix, label = found.groups() if found else ("I", word.label)
        if prefix in _BEGINS or label != open_label:
            spans.append([])
        spans[-1].append(word._replace(label=label))
        open_label = None if prefix in _ENDS else label
    return [_join(span) for span in spans]


def _join(words: list[Word]) -> Word:
    start, end = extent([(word.start, word.end) for word in words])
    return Word(words[0].label, sum(word.score for word in words) / len(words), start, end)
