"""Tagging from CoNLL columns.

The words of a sentence are joined by spaces, as when taggers are evaluated and used. The first
token of a word has its tag. Where BERT splits a word further ("U.S." is four words to it), each of
them continues the tag, as a tagger that is used answers for each; pieces inside a word of BERT's
(##ing) have no prediction when it is used, and so no target.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path

from edgebert.evaluation.columns import Columns
from edgebert.evaluation.conll import Sentence
from edgebert.evaluation.entities import OUTSIDE
from edgebert.evaluation.evaluators.evaluator import unknown_label
from edgebert.evaluation.tagged import read_tagged
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.train.batching import IGNORE_INDEX, Example
from edgebert.train.finetuning.task import FineTuningTask, Labels, needs_rows
from edgebert.train.losses import token_cross_entropy


def _labels(sentences: Iterable[Sentence]) -> Labels:
    found = {tag for sentence in sentences for tag in sentence.tags}
    return (OUTSIDE, *sorted(found - {OUTSIDE}))


def _examples(
    sentences: Iterable[Sentence], tokenizer: Tokenizer, labels: Labels
) -> Iterator[Example]:
    numbers = {label: number for number, label in enumerate(labels)}
    for sentence in sentences:
        for tag in sentence.tags:
            if tag not in numbers:
                raise unknown_label(sentence.place, tag, labels)
        yield tagged_example(sentence, tokenizer, numbers)


def tagged_example(sentence: Sentence, tokenizer: Tokenizer, numbers: Mapping[str, int]) -> Example:
    """A sentence, given the numbers of all tags."""
    starts = list(accumulate((len(word) + 1 for word in sentence.words[:-1]), initial=0))
    encoding, offsets = tokenizer.encode_with_offsets(" ".join(sentence.words))
    target = [IGNORE_INDEX] * encoding.length
    before = -1
    for place, (start, end) in enumerate(offsets):
        if start == end:  # a special token
            continue
        word = bisect_right(starts, end - 1) - 1  # an added token may take the space before
        tag = sentence.tags[word]
        if word != before:
            target[place] = numbers[tag]
        elif not tokenizer.spelling(encoding.ids[place])[1]:
            target[place] = _continued(tag, numbers)
        before = word
    return Example((encoding,), target)


def _continued(tag: str, numbers: Mapping[str, int]) -> int:
    """The number of the tag inside what `tag` begins or continues."""
    if tag == OUTSIDE:
        return numbers[tag]
    return numbers.get(f"I{tag[1:]}", IGNORE_INDEX) if tag[0] in "BI" else IGNORE_INDEX


def _read(path: Path, columns: Columns) -> Iterator[Sentence]:
    return read_tagged(path)


TAG = FineTuningTask(_read, _labels, _examples, needs_rows, token_cross_entropy)
