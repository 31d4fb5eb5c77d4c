"""Looks for the faults of a labelled data set."""

from __future__ import annotations

from edgebert.dataset.checked import CheckedData
from edgebert.dataset.findings import DataReport
from edgebert.dataset.label_checks import LABEL_CHECKS
from edgebert.dataset.samples import label_counts
from edgebert.dataset.text_checks import TEXT_CHECKS
from edgebert.errors import EdgebertError


def check_data(data: CheckedData) -> DataReport:
    """Runs all checks.

    Raises:
        EdgebertError: there are no rows to learn from, or none that can be read.
    """
    if not data.train and data.unreadable:
        raise data.unreadable[0]
    if not data.train:
        raise EdgebertError("the data has no rows to learn from")
    found = [finding for check in (*TEXT_CHECKS, *LABEL_CHECKS) for finding in check(data)]
    return DataReport(
        kind=data.kind,
        rows=data.rows,
        labels=dict(sorted(label_counts(data.samples).items())),
        tokens=data.token_figures,
        findings=tuple(sorted(found, key=lambda finding: finding.severity)),
    )
