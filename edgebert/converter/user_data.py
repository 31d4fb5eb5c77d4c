"""Data that a user gives to a conversion, beside the checkpoint."""

from __future__ import annotations

from dataclasses import dataclass

from edgebert.converter.abstain import AbstentionPlan
from edgebert.converter.gate import DataCheck
from edgebert.converter.head import Head
from edgebert.converter.teach import TeachingPlan


@dataclass(frozen=True)
class UserData:
    """Data for each step of a conversion that wants some; None: the step is left out.

    Attributes:
        check: to compare the file with float32 on.
        abstaining: what the rule of when to abstain is fitted on.
        teaching: what it is learned from how labels are taught.
    """

    check: DataCheck | None = None
    abstaining: AbstentionPlan | None = None
    teaching: TeachingPlan | None = None

    def open(self, head: Head) -> None:
        """Reads all of it as far as the first row: wrong data is an error before the conversion.

        Raises:
            EdgebertError: a file cannot be read, or is not for such a head.
        """
        if self.check is not None:
            self.check.open(head.task, multi_label=head.multi_label)
        if self.abstaining is not None:
            self.abstaining.open(head.task, multi_label=head.multi_label)
        if self.teaching is not None:
            self.teaching.open()
