"""What the checks of a data set look at, and how they put what they find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from edgebert.dataset.duplicates import Pair, content_of, grouped_by, near_pairs
from edgebert.dataset.findings import Finding, Severity, places_of
from edgebert.dataset.samples import SPLITS, Kind, Sample
from edgebert.errors import RowError
from edgebert.formatting import plural
from edgebert.tokenizer.tokenizer import Encoding, Tokenizer

_SHOWN = 3


@dataclass(frozen=True)
class CheckedData:
    """What the checks look at.

    Attributes:
        samples: of all splits.
        kind: what they are for.
        tokenizer: of the model that is to be trained; None: lengths and [UNK] are not looked at.
        allow_leak: texts in several splits are a warning.
        unreadable: rows that could not be read, such as those with a field too many.
    """

    samples: Sequence[Sample]
    kind: Kind
    tokenizer: Tokenizer | None = None
    allow_leak: bool = False
    unreadable: Sequence[RowError] = ()

    @cached_property
    def contents(self) -> list[str]:
        """What makes each sample the same as another."""
        return [content_of(sample) for sample in self.samples]

    @cached_property
    def same(self) -> list[list[int]]:
        """Places of samples with the same content."""
        return list(grouped_by(self.contents))

    @cached_property
    def near(self) -> list[Pair]:
        """Pairs of samples that are nearly the same."""
        return near_pairs(self.contents, [sample.split for sample in self.samples])

    @cached_property
    def encodings(self) -> list[Encoding]:
        """What the tokenizer makes of each sample; empty without one."""
        if self.tokenizer is None:
            return []
        return [self.tokenizer.encode(sample.text, sample.pair) for sample in self.samples]

    @property
    def token_figures(self) -> dict[str, float] | None:
        """Median, 95th percentile and most tokens, and the share of [UNK]; None without a model."""
        if self.tokenizer is None:
            return None
        lengths = np.array([each.length for each in self.encodings])
        unknown = sum(each.ids.count(self.tokenizer.unknown_id) for each in self.encodings)
        return {
            "median": float(np.median(lengths)),
            "p95": float(np.percentile(lengths, 95)),
            "most": int(lengths.max()),
            "limit": self.tokenizer.options.max_length,
            "unknown": unknown / int(lengths.sum()),
        }

    @property
    def rows(self) -> dict[str, int]:
        """Rows by split."""
        counts = Counter(sample.split for sample in self.samples)
        return {split: counts[split] for split in SPLITS if counts[split]}

    @property
    def train(self) -> list[Sample]:
        """The samples to learn from."""
        return [sample for sample in self.samples if sample.split == "train"]


def finding_of(
    name: str, severity: Severity, samples: Sequence[Sample], what: str, advice: str = ""
) -> Finding:
    """A finding about samples."""
    message = f"{what}: {plural(len(samples), 'row')}{advice and f'; {advice}'}"
    return Finding(name, severity, message, len(samples), places_of(samples))


def listed(names: Sequence[str]) -> str:
    """The first names, and how many there are more."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(repr(name[:40]) for name in names[:_SHOWN]) + more
