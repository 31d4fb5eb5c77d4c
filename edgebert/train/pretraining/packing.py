"""Which tokens of a corpus make an input: whole sentences in a row, or two segments.

An input is a row of five numbers: where segment A begins and ends, the same of B, and whether B
does not follow A (1: it was drawn from another document). Without a second segment the last three
are 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from edgebert.errors import EdgebertError
from edgebert.train.pretraining.tokenised_corpus import TokenisedCorpus

PackingName: TypeAlias = Literal["full-sentences", "sentence-pairs"]

SPECIAL = {"full-sentences": 2, "sentence-pairs": 3}
"""[CLS] and [SEP] of an input."""

_SHORT = 0.1  # of the pairs: as google-research/bert, so that inputs of any length are known
_LINE_BLOCK = 1 << 20  # lines that are looked at together


class Packed(NamedTuple):
    """One input; see the module."""

    a_begins: int
    a_ends: int
    b_begins: int = 0
    b_ends: int = 0
    is_random: int = 0


Segment: TypeAlias = tuple[int, int]


def pack(
    tokens: TokenisedCorpus, packing: PackingName, max_length: int, seed: int
) -> Iterator[Packed]:
    """All inputs of a corpus, in its order.

    Args:
        tokens: of the corpus.
        packing: full-sentences as RoBERTa (Liu et al. 2019, arXiv 1907.11692): as many lines as
            fit, across documents; sentence-pairs as BERT.
        max_length: most tokens of an input, special ones included.
        seed: of the pairs.

    Raises:
        EdgebertError: pairs of a corpus with one document: there is no other to draw from.
    """
    max_tokens = max_length - SPECIAL[packing]
    if packing == "full-sentences":
        return _full_sentences(tokens, max_tokens)
    if len(tokens.documents) < 2:
        raise EdgebertError(
            "sentence pairs need at least two documents, with a blank line between them, among "
            "what is held out too; use full-sentences, or hold out more"
        )
    return _sentence_pairs(tokens, max_tokens, seed)


def _full_sentences(tokens: TokenisedCorpus, max_tokens: int) -> Iterator[Packed]:
    begin = at = 0
    for end in _line_ends(tokens):
        if end - begin > max_tokens and at > begin:
            yield Packed(begin, at)
            begin = at
        while end - begin > max_tokens:  # a line that does not fit alone
            yield Packed(begin, begin + max_tokens)
            begin += max_tokens
        at = end
    if at > begin:
        yield Packed(begin, at)


def _line_ends(tokens: TokenisedCorpus) -> Iterator[int]:
    for start in range(1, len(tokens.lines), _LINE_BLOCK):
        yield from tokens.lines[start : start + _LINE_BLOCK].tolist()
    yield len(tokens.ids)


def _sentence_pairs(tokens: TokenisedCorpus, max_tokens: int, seed: int) -> Iterator[Packed]:
    for number in range(len(tokens.documents)):
        random = np.random.default_rng((seed, number))
        lines, at = _lines(tokens, number), 0
        while at < len(lines):
            target = (
                max_tokens if random.random() >= _SHORT else int(random.integers(2, max_tokens + 1))
            )
            stop = _line_reaching(lines, at, target)
            middle = stop if stop == at + 1 else int(random.integers(at + 1, stop))
            a = (lines[at][0], lines[middle - 1][1])
            is_random = middle == stop or bool(random.random() < 0.5)
            if is_random:
                b = _random_segment(tokens, number, target - (a[1] - a[0]), random)
                at = middle  # what was not used may still be
            else:
                b = (lines[middle][0], lines[stop - 1][1])
                at = stop
            (a, b) = _truncated_pair(a, b, max_tokens, random)
            yield Packed(*a, *b, int(is_random))


def _lines(tokens: TokenisedCorpus, number: int) -> list[Segment]:
    """The lines of a document, without the [SEP] behind it."""
    last = number + 1 == len(tokens.documents)
    begin = int(tokens.documents[number])
    end = len(tokens.lines) if last else int(tokens.documents[number + 1])
    begins = tokens.lines[begin:end].tolist()
    after = len(tokens.ids) if end == len(tokens.lines) else int(tokens.lines[end])
    return list(zip(begins, [*begins[1:], after - 1], strict=True))


def _line_reaching(lines: list[Segment], start: int, target: int) -> int:
    """Behind which line, from a start on, the target is reached, or there are no more."""
    for stop in range(start + 1, len(lines)):
        if lines[stop - 1][1] - lines[start][0] >= target:
            return stop
    return len(lines)


def _random_segment(
    tokens: TokenisedCorpus, number: int, target: int, random: np.random.Generator
) -> Segment:
    """A segment from any place in another document."""
    other = int(random.integers(len(tokens.documents) - 1))
    lines = _lines(tokens, other + (other >= number))
    start = int(random.integers(len(lines)))
    return lines[start][0], lines[_line_reaching(lines, start, target) - 1][1]


def _truncated_pair(
    a: Segment, b: Segment, max_tokens: int, random: np.random.Generator
) -> tuple[Segment, Segment]:
    """Both, the longer one shorter by a token at either end until they fit."""
    first, second = [*a], [*b]
    excess = a[1] - a[0] + b[1] - b[0] - max_tokens
    for from_front in random.random(max(0, excess)) < 0.5:
        longer = max(first, second, key=lambda segment: segment[1] - segment[0])
        if from_front:
            longer[0] += 1
        else:
            longer[1] -= 1
    return (first[0], first[1]), (second[0], second[1])
