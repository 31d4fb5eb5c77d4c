"""Faults of the texts of a data set: empty, damaged, repeated, in several splits, too long."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator

from edgebert.dataset.checked import CheckedData, finding_of
from edgebert.dataset.findings import PLACES_SHOWN, Finding
from edgebert.dataset.samples import SPLITS
from edgebert.formatting import plural

_LEAST_EVALUATED = 100
"""Rows of a dev or test split below which an interval of accuracy is 15 points wide."""
_UNKNOWN = 0.005
_REASONS = 3
"""Why rows cannot be read: as many are told."""
_INVISIBLE = "ZC"
"""Categories of Unicode: separators, and control, format and unassigned characters."""
_LEAKS = (
    ("train", ("dev", "test"), "texts of dev or test", "figures on them flatter the model"),
    ("dev", ("test",), "texts of test", "what is chosen by them flatters test"),
)
"""Splits, those in which none of their texts may stand, what such texts are, and what they do."""
_DAMAGE = ("\ufffd", "\x00", "Ã©", "Ã¤", "Ã¼", "â€™", "â€œ")
"""What is left where UTF-8 was read as Latin-1, or could not be read."""


def _unreadable(data: CheckedData) -> Iterator[Finding]:
    if data.unreadable:
        places = [error.place for error in data.unreadable]
        reasons = dict.fromkeys(error.reason for error in data.unreadable)
        yield Finding(
            "unreadable",
            "error",
            f"cannot be read: {plural(len(places), 'row')}; {'; '.join([*reasons][:_REASONS])}",
            len(places),
            tuple(places[:PLACES_SHOWN]),
        )


def _empty_texts(data: CheckedData) -> Iterator[Finding]:
    blank = [
        sample
        for sample in data.samples
        if _is_blank(sample.text) or (sample.pair is not None and _is_blank(sample.pair))
    ]
    if blank:
        yield finding_of("empty-text", "error", blank, "no text", "remove them")


def _is_blank(text: str) -> bool:
    """Whether nothing of it can be seen: spaces, control and zero-width characters."""
    return not any(
        each.isalnum() or unicodedata.category(each)[0] not in _INVISIBLE for each in text
    )


def _damaged_texts(data: CheckedData) -> Iterator[Finding]:
    damaged = [
        sample
        for sample in data.samples
        if any(mark in sample.text or mark in (sample.pair or "") for mark in _DAMAGE)
    ]
    if damaged:
        yield finding_of(
            "damaged-text",
            "warning",
            damaged,
            "texts that were decoded wrongly (such as â€™ for ’)",
        )


def _leaks(data: CheckedData) -> Iterator[Finding]:
    splits = [sample.split for sample in data.samples]
    found: set[int] = set()
    for earlier, later, what, advice in _LEAKS:
        leaked = {
            at
            for group in data.same
            if earlier in {splits[each] for each in group}
            for at in group
            if splits[at] in later
        } - found
        found |= leaked
        if leaked:
            yield finding_of(
                "leak",
                "warning" if data.allow_leak else "error",
                [data.samples[at] for at in sorted(leaked)],
                f"{what} that stand in {earlier} too",
                f"{advice}; remove them from {earlier}, or add --allow-leak",
            )
        crossing = [pair for pair in data.near if earlier in {splits[at] for at in pair}]
        nearly = {at for pair in crossing for at in pair if splits[at] in later} - found
        found |= nearly
        if nearly:
            samples = [data.samples[at] for at in sorted(nearly)]
            yield finding_of("near-leak", "warning", samples, f"{what} nearly as in {earlier}")


def _duplicates(data: CheckedData) -> Iterator[Finding]:
    for split in SPLITS:
        groups = [[data.samples[at] for at in group] for group in data.same]
        extra = [
            sample
            for group in groups
            for sample in [each for each in group if each.split == split][1:]
        ]
        if extra:
            yield finding_of("duplicates", "warning", extra, f"repeated word for word in {split}")


def _near_duplicates(data: CheckedData) -> Iterator[Finding]:
    later = sorted({b for a, b in data.near if data.samples[a].split == data.samples[b].split})
    if later:
        samples = [data.samples[at] for at in later]
        yield finding_of(
            "near-duplicates", "warning", samples, "texts nearly as another of their split"
        )


def _small_splits(data: CheckedData) -> Iterator[Finding]:
    for split, count in data.rows.items():
        if split != "train" and count < _LEAST_EVALUATED:
            yield Finding(
                "small-split",
                "warning",
                f"{split} has {plural(count, 'row')}: the interval of a figure on it is 15 points "
                "wide or more",
                count,
            )


def _tokens(data: CheckedData) -> Iterator[Finding]:
    figures = data.token_figures
    if data.tokenizer is None or figures is None:
        return
    each_with = list(zip(data.samples, data.encodings, strict=True))
    cut = [sample for sample, encoding in each_with if encoding.truncated]
    if cut:
        limit = data.tokenizer.options.max_length
        yield finding_of(
            "truncated", "warning", cut, f"texts longer than {limit} tokens, which will be cut off"
        )
    if figures["unknown"] > _UNKNOWN:
        unknown = data.tokenizer.unknown_id
        lacking = [sample for sample, encoding in each_with if unknown in encoding.ids]
        yield finding_of(
            "unknown-pieces",
            "warning",
            lacking,
            "texts with words that the vocabulary cannot write",
            f"{100 * figures['unknown']:.1f} % of all pieces are [UNK]",
        )


TEXT_CHECKS: tuple[Callable[[CheckedData], Iterator[Finding]], ...] = (
    _unreadable,
    _empty_texts,
    _damaged_texts,
    _leaks,
    _duplicates,
    _near_duplicates,
    _small_splits,
    _tokens,
)
