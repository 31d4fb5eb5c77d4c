"""Splits a data set into train, dev and test: stratified by label, by seed, without leaks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from edgebert.dataset.duplicates import components, content_of, grouped_by, near_pairs
from edgebert.dataset.samples import SPLITS, Kind, Sample, Split, label_counts
from edgebert.errors import EdgebertError

_BINS = 10
"""Of scores, by which a regression is stratified."""


def split_samples(
    samples: Sequence[Sample], kind: Kind, shares: Mapping[Split, float], seed: int = 1
) -> list[Sample]:
    """Gives each sample a split.

    Texts that are the same or nearly so come into one split. Of every label each split gets its
    share, rounded, and at least one row where the label has as many rows as there are splits; a row
    with several labels counts by the rarest. Scores count by tenths. The same samples and seed give
    the same splits.

    Args:
        samples: in any split.
        kind: of the data.
        shares: of dev and test, together below 1; the rest is train.
        seed: of the choice.

    Returns:
        The samples in their order, with their new split.

    Raises:
        EdgebertError: a share is out of range.
    """
    wanted: dict[Split, float] = {
        split: shares.get(split, 0.0) for split in SPLITS if split != "train"
    }
    if any(share < 0 for share in wanted.values()) or sum(wanted.values()) >= 1:
        raise EdgebertError("the shares of dev and test are 0 or more, and together less than 1")
    groups: dict[int, list[int]] = defaultdict(list)
    for place, root in enumerate(_groups(samples)):
        groups[root].append(place)
    strata: dict[str, list[list[int]]] = defaultdict(list)
    firsts = [group[0] for group in groups.values()]
    for name, group in zip(_strata(samples, kind, firsts), groups.values(), strict=True):
        strata[name].append(group)
    chosen: list[Split] = ["train"] * len(samples)
    numbers = np.random.default_rng(seed)
    for stratum in sorted(strata):
        members = [strata[stratum][at] for at in numbers.permutation(len(strata[stratum]))]
        for place, split in _dealt(members, wanted).items():
            chosen[place] = split
    return [sample._replace(split=split) for sample, split in zip(samples, chosen, strict=True)]


def without_leaks(samples: Sequence[Sample]) -> tuple[list[Sample], int]:
    """The samples without those of train that stand in dev or test, or of dev that do in test.

    Returns:
        What is left, and how many are gone.
    """
    contents = [content_of(sample) for sample in samples]
    later = {
        split: {
            content
            for content, sample in zip(contents, samples, strict=True)
            if SPLITS.index(sample.split) > SPLITS.index(split)
        }
        for split in SPLITS
    }
    kept = [
        sample
        for content, sample in zip(contents, samples, strict=True)
        if content not in later[sample.split]
    ]
    return kept, len(samples) - len(kept)


def _dealt(members: Sequence[Sequence[int]], wanted: Mapping[Split, float]) -> dict[int, Split]:
    """Places by split: groups go to the first split that can still take them."""
    rows = sum(map(len, members))
    enough = len(members) > len(wanted)
    left = {
        split: max(round(share * rows), 1 if enough else 0) if share else 0
        for split, share in wanted.items()
    }
    dealt: dict[int, Split] = {}
    for group in members:
        for split, most in left.items():
            if len(group) <= most:
                left[split] = most - len(group)
                dealt.update(dict.fromkeys(group, split))
                break
    return dealt


def _groups(samples: Sequence[Sample]) -> list[int]:
    """For each sample the first of those that have to stay with it."""
    contents = [content_of(sample) for sample in samples]
    same = [(group[0], other) for group in grouped_by(contents) for other in group[1:]]
    return components(len(samples), [*same, *near_pairs(contents, ["all"] * len(samples))])


def _strata(samples: Sequence[Sample], kind: Kind, places: Sequence[int]) -> list[str]:
    """What each of some samples counts as."""
    if kind.task in ("regress", "embed") and all(samples[place].label for place in places):
        values = np.array([float(samples[place].label) for place in places])
        edges = np.quantile(values, np.linspace(0, 1, _BINS + 1)[1:-1])
        return [str(number) for number in np.searchsorted(edges, values)]
    counts = label_counts(samples)
    return [
        min(samples[place].labels, key=lambda label: (counts[label], label), default="")
        for place in places
    ]
