"""Texts that stand in a data set more than once, word for word or nearly.

Nearly the same are texts of which four fifths of all runs of four characters agree (a Jaccard index
of at least 0.8), case, punctuation and spaces apart. They are looked for with MinHash signatures,
cut into bands (Broder 1997, doi:10.1109/SEQUEN.1997.666900); the candidates are then compared. 64
hashes in 16 bands find 99.9 % of the pairs at 0.8. All texts of a data set go through numpy
together, which takes seconds where a library that hashes text by text takes minutes.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from edgebert.dataset.samples import Sample
from edgebert.evaluation.texts import Text

Pair: TypeAlias = tuple[int, int]
"""Places of two samples, the lower one first."""
Key = TypeVar("Key", bound=Hashable)

NEAR = 0.8
"""From this Jaccard index on two texts are nearly the same."""

_RUN = 4
_BANDS, _ROWS = 16, 4
_LONGEST = 500
"""Characters of a text that are compared."""
_TEXTS_AT_ONCE = 20_000
_PAIRS_AT_ONCE = 200_000
_MARGIN = 0.15
"""By so much a signature may underestimate a pair that is compared all the same."""

_HASHES = _BANDS * _ROWS
_FACTORS = np.random.default_rng(0).integers(1, 1 << 63, _HASHES, np.uint64) * np.uint64(2) + 1
_Signatures: TypeAlias = npt.NDArray[np.uint32]


def normalized(text: str) -> str:
    """A text without what people do not read as a difference: case, punctuation, spaces, width."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    if not folded.isascii() or not folded.isalnum():
        folded = "".join(each if each.isalnum() else " " for each in folded)
    return " ".join(folded.split()) or " ".join(text.split())


def content_of(sample: Sample | Text) -> str:
    """What makes two samples the same: the text, and its pair if it has one."""
    text = normalized(sample.text)
    return text if sample.pair is None else f"{text}\n{normalized(sample.pair)}"


def grouped_by(keys: Iterable[Key]) -> Iterator[list[int]]:
    """Places with equal keys, where there are several."""
    places: dict[Key, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        places[key].append(place)
    return (group for group in places.values() if len(group) > 1)


def near_pairs(contents: Sequence[str], splits: Sequence[str]) -> list[Pair]:
    """Pairs of different texts that are nearly the same.

    Of a group of texts that are all alike not every pair is given, but each text with the first of
    its group in each split; so the work does not grow with the square of a group.

    Args:
        contents: what `content_of` gives, one a sample.
        splits: that each belongs to.
    """
    places: dict[tuple[str, str], int] = {}  # a text that stands in two splits counts in each
    for place, (content, split) in enumerate(zip(contents, splits, strict=True)):
        places.setdefault((content, split), place)
    texts = list(dict.fromkeys(contents))
    names = list(dict.fromkeys(splits))
    present = np.array([[(text, name) in places for text in texts] for name in names])
    signatures = _all_signatures(texts)
    found = []
    for one, other in _alike(signatures, _candidates(signatures, present)):
        if jaccard(texts[one], texts[other]) >= NEAR:
            found += [
                _ordered(places[texts[one], here], places[texts[other], there])
                for here in names
                for there in names
                if (texts[one], here) in places and (texts[other], there) in places
            ]
    return sorted(set(found))


def jaccard(one: str, other: str) -> float:
    """Share of the runs of four characters of either text that both have."""
    runs = [
        {text[at : at + _RUN] for at in range(len(text) - _RUN + 1)}
        for text in (f" {one[:_LONGEST]} ", f" {other[:_LONGEST]} ")
    ]
    either = len(runs[0] | runs[1])
    return len(runs[0] & runs[1]) / either if either else 0.0


def components(count: int, pairs: Iterable[Pair]) -> list[int]:
    """For each of so many places the lowest one that it is connected with."""
    parent = list(range(count))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    return [root(place) for place in range(count)]


def _ordered(one: int, other: int) -> Pair:
    return (one, other) if one < other else (other, one)


def _candidates(signatures: _Signatures, present: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Pairs that agree in a band, [m, 2]: each text with the first of the band in each split.

    Args:
        signatures: [n, 64].
        present: whether a split has a text, [splits, n].
    """
    count = len(signatures)
    codes = [np.zeros(0, np.int64)]
    for band in range(_BANDS):
        keys = _mixed(signatures[:, band * _ROWS : (band + 1) * _ROWS].astype(np.uint64))
        for here in present:
            order = np.lexsort((~here, keys))  # of each band those of this split come first
            is_first = np.concatenate([[True], np.diff(keys[order]) != 0])
            first = order[np.maximum.accumulate(np.where(is_first, np.arange(count), 0))]
            others = ~is_first & here[first]
            low = np.minimum(first[others], order[others])
            high = np.maximum(first[others], order[others])
            codes.append(np.unique(low * count + high))
    low, high = np.divmod(np.unique(np.concatenate(codes)), max(count, 1))
    return np.stack([low, high], axis=1)


def _alike(signatures: _Signatures, pairs: npt.NDArray[np.int64]) -> list[Pair]:
    """The pairs of which enough of the signatures agree."""
    alike: list[Pair] = []
    for start in range(0, len(pairs), _PAIRS_AT_ONCE):
        part = pairs[start : start + _PAIRS_AT_ONCE]
        agreement = (signatures[part[:, 0]] == signatures[part[:, 1]]).mean(axis=1)
        alike += map(tuple, part[agreement >= NEAR - _MARGIN].tolist())
    return alike


def _all_signatures(texts: Sequence[str]) -> _Signatures:
    """Those of any number of texts, some at once."""
    starts = range(0, len(texts), _TEXTS_AT_ONCE)
    parts = [_signatures(texts[start : start + _TEXTS_AT_ONCE], start) for start in starts]
    return np.concatenate(parts or [np.zeros((0, _HASHES), np.uint32)])


def _signatures(texts: Sequence[str], seed: int) -> _Signatures:
    """MinHash signatures, [n, 64]; texts too short for a run of characters equal no other."""
    padded = [f" {text[:_LONGEST]} " for text in texts]
    lengths = np.array([len(text) for text in padded])
    codes = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), np.uint32)
    counts = np.maximum(lengths - _RUN + 1, 0)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    # What is too short for a run keeps numbers that no other text has.
    shape = (len(texts), _HASHES)
    signatures = np.random.default_rng(seed).integers(0, 1 << 32, shape, np.uint32)
    long = np.flatnonzero(counts)
    if not len(long):
        return signatures
    begins = np.concatenate([[0], np.cumsum(counts[long])[:-1]])
    within = np.arange(counts[long].sum()) - np.repeat(begins, counts[long])
    runs = _hashed(codes, np.repeat(starts[long], counts[long]) + within)
    for column, factor in enumerate(_FACTORS):
        mixed = ((runs * factor) >> np.uint64(32)).astype(np.uint32)
        signatures[long, column] = np.minimum.reduceat(mixed, begins)
    return signatures


def _hashed(codes: npt.NDArray[np.uint32], at: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """A number for the run of characters that begins at each place."""
    return _mixed(np.stack([codes[at + step] for step in range(_RUN)], axis=1))


def _mixed(rows: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """A number for each row of numbers, [n, c] to [n]."""
    mixed = np.zeros(len(rows), np.uint64)
    for column in rows.T:
        mixed = (mixed + column + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    return mixed
