"""Faults of the labels and scores of a data set."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

import numpy as np

from edgebert.dataset.checked import CheckedData, finding_of, listed
from edgebert.dataset.findings import Finding
from edgebert.dataset.samples import Kind, Sample, label_counts
from edgebert.evaluation.conll import Sentence
from edgebert.formatting import plural

_FEWEST = 2
"""Rows of a label below which nothing can be learned and judged."""
_FEW = 5
_CONTRADICTIONS = 0.01
"""Share of rows beyond which contradictions are no longer an annotator's slips."""
_TEXT_LIKE = 0.5
"""Share of labels that stand on one row only beyond which the column is no label."""
_IMBALANCE = 20
_FAR = 10
"""Times the distance of the quartiles beyond which a score lies far from the others."""


def _contradictions(data: CheckedData) -> Iterator[Finding]:
    if data.kind.task == "embed":
        return
    groups = [[data.samples[at] for at in group] for group in data.same]
    several = [
        sample
        for group in groups
        if len({_said_by(each) for each in group}) > 1
        for sample in group
    ]
    if several:
        many = len(several) > _CONTRADICTIONS * len(data.samples)
        yield finding_of(
            "contradiction",
            "error" if many else "warning",
            several,
            "the same text with different labels",
        )


def _said_by(sample: Sample) -> str:
    """What a row says of its text, in whatever order it names several labels."""
    if isinstance(sample.source, Sentence) or not sample.labels:
        return sample.label
    return "|".join(sorted(sample.labels))


def _label_twins(data: CheckedData) -> Iterator[Finding]:
    """Labels that people take for the same: `apr`, `APR`, `apr `, `a-p-r`."""
    twins: dict[str, list[str]] = defaultdict(list)
    for label in label_counts(data.samples):
        folded = unicodedata.normalize("NFKC", label).casefold()
        twins["".join(each for each in folded if each.isalnum()) or folded].append(label)
    found = [sorted(group) for group in twins.values() if len(group) > 1]
    if found and data.kind.task != "regress":
        yield Finding(
            "label-twins",
            "error",
            f"{plural(len(found), 'label')} written in several ways: "
            f"{listed([' / '.join(group) for group in found])}",
            len(found),
        )


def _joined_labels(data: CheckedData) -> Iterator[Finding]:
    if data.kind != Kind("classify"):
        return
    joined = [sample for sample in data.samples if "|" in sample.label]
    if joined:
        yield finding_of(
            "joined-labels",
            "error",
            joined,
            "labels with | in them",
            "if a text has several labels, add --multi-label",
        )


def _label_column(data: CheckedData) -> Iterator[Finding]:
    counts = label_counts(data.samples)
    if _is_text(counts) and data.kind.task == "classify":
        yield Finding(
            "label-is-text",
            "error",
            f"{len(counts):,} different labels on {len(data.samples):,} rows: this is no column of "
            "labels; name the right one with --label-column",
            len(counts),
        )


def _is_text(counts: Counter[str]) -> bool:
    single = sum(count == 1 for count in counts.values())
    return single > max(_TEXT_LIKE * counts.total(), _FEW)


def _one_label(data: CheckedData) -> Iterator[Finding]:
    if data.kind.task in ("classify", "regress") and not data.kind.multi_label:
        if len({sample.label for sample in data.train}) == 1:
            yield finding_of(
                "one-label", "error", data.train, "all of train has the same label or score"
            )
    elif data.kind.task in ("classify", "tag") and not label_counts(data.train):
        yield finding_of("one-label", "error", data.train, "all of train is without labels")


def _too_few_rows(data: CheckedData) -> Iterator[Finding]:
    counts = label_counts(data.samples)
    if not counts or _is_text(counts):
        return
    for name, severity, low, high, advice in (
        ("single-row", "error", 0, _FEWEST, "nothing can be learned of them and judged"),
        ("few-rows", "warning", _FEWEST, _FEW, "little can be learned of them"),
    ):
        rare = sorted(label for label, count in counts.items() if low <= count < high)
        if rare:
            yield Finding(
                name,
                "error" if severity == "error" else "warning",
                f"{plural(len(rare), 'label')} with fewer than {high} rows; {advice}: "
                f"{listed(rare)}",
                len(rare),
            )


def _unseen_labels(data: CheckedData) -> Iterator[Finding]:
    known = set(label_counts(data.train))
    unseen = [sample for sample in data.samples if not known.issuperset(sample.labels)]
    if unseen:
        names = sorted({label for sample in unseen for label in sample.labels} - known)
        yield finding_of(
            "unseen-label",
            "error",
            unseen,
            f"labels of dev or test that train has not ({listed(names)})",
        )


def _missing_labels(data: CheckedData) -> Iterator[Finding]:
    known = set(label_counts(data.train))
    for split in ("dev", "test"):
        rows = [sample for sample in data.samples if sample.split == split]
        missing = sorted(known - set(label_counts(rows)))
        if rows and missing and data.kind.task == "classify":
            yield Finding(
                "unjudged-label",
                "warning",
                f"{plural(len(missing), 'label')} without a row in {split}, whose figures say "
                f"nothing of them: {listed(missing)}",
                len(missing),
            )


def _imbalance(data: CheckedData) -> Iterator[Finding]:
    counts = label_counts(data.train)
    if data.kind.task != "classify" or len(counts) < 2 or _is_text(counts):
        return
    (most, many), *_, (least, few) = counts.most_common()
    if many > _IMBALANCE * few:
        yield Finding(
            "imbalance",
            "warning",
            f"{most!r} has {many:,} rows, {least!r} {few:,}: look at macro_f1, not at accuracy",
            len(counts),
        )


def _values(data: CheckedData) -> Iterator[Finding]:
    if data.kind.task != "regress":
        return
    wrong = [sample for sample in data.samples if not _is_finite(sample.label)]
    if wrong:
        yield finding_of("not-a-number", "error", wrong, "a score that is no finite number")
        return
    values = np.array([float(sample.label) for sample in data.samples])
    spread = float(np.subtract(*np.percentile(values, [75, 25])))
    middle = float(np.median(values))
    far = [
        sample
        for sample, value in zip(data.samples, values.tolist(), strict=True)
        if spread and abs(value - middle) > _FAR * spread
    ]
    if far:
        yield finding_of(
            "outlier", "warning", far, f"a score far from the others, such as {far[0].label}"
        )


def _is_finite(label: str) -> bool:
    try:
        return math.isfinite(float(label))
    except ValueError:
        return False


LABEL_CHECKS: tuple[Callable[[CheckedData], Iterator[Finding]], ...] = (
    _contradictions,
    _label_twins,
    _joined_labels,
    _label_column,
    _one_label,
    _too_few_rows,
    _unseen_labels,
    _missing_labels,
    _imbalance,
    _values,
)
