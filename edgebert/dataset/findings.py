"""What checks of a data set say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from edgebert.dataset.samples import Kind, Sample

Severity: TypeAlias = Literal["error", "warning"]

PLACES_SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """One fault.

    Attributes:
        name: of the fault, for machines, such as "leak".
        severity: an error spoils what is trained or measured; a warning may be meant so.
        message: what is wrong, and what to do.
        count: rows or labels it is about.
        places: file and line of the first of them.
    """

    name: str
    severity: Severity
    message: str
    count: int
    places: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values, for machines."""
        return {
            "name": self.name,
            "severity": self.severity,
            "message": self.message,
            "count": self.count,
            "places": list(self.places),
        }


@dataclass(frozen=True)
class DataReport:
    """A data set, and what is wrong with it.

    Attributes:
        kind: what it is for.
        rows: by split.
        labels: rows a label, over all splits; empty where there are no labels.
        tokens: median, 95th percentile and most tokens of a text, and share of [UNK] among them;
            None: no model was given.
        findings: errors first.
    """

    kind: Kind
    rows: Mapping[str, int]
    labels: Mapping[str, int]
    tokens: Mapping[str, float] | None
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What has to be mended."""
        return tuple(each for each in self.findings if each.severity == "error")

    def to_json(self) -> dict[str, Any]:
        """Plain values, for machines."""
        return {
            "task": self.kind.task,
            "multi_label": self.kind.multi_label,
            "rows": dict(self.rows),
            "labels": dict(self.labels),
            "tokens": None if self.tokens is None else dict(self.tokens),
            "findings": [each.to_json() for each in self.findings],
        }


def places_of(samples: Sequence[Sample]) -> tuple[str, ...]:
    """The first places, for a finding."""
    return tuple(sample.place for sample in samples[:PLACES_SHOWN])
