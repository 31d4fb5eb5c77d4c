"""Data that a user gives to a conversion, beside the checkpoint."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from edgebert.converter.head import Head

if TYPE_CHECKING:
    from edgebert.converter.abstain import AbstentionPlan
    from edgebert.converter.gate import DataCheck
    from edgebert.converter.teach import TeachingPlan

Source: TypeAlias = "str | os.PathLike[str] | None"


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


def user_data(
    *,
    check: Source,
    max_drop: float | None,
    mixing: bool,
    calibrate: Source,
    out_of_scope: Source,
    max_wrong: float | None,
    min_coverage: float | None,
    confidence: float | None,
    teachable: Source,
) -> UserData:
    """What a user asked for; see `convert`. Without any, nothing that evaluates is imported.

    `mixing`: without `check`, `max_drop` is of the mean cosine.

    Raises:
        EdgebertError: options that need data without it, or out of range.
    """
    of_rule = (calibrate, out_of_scope, max_wrong, min_coverage, confidence)
    if all(each is None for each in (check, max_drop, *of_rule, teachable)):
        return UserData()
    from edgebert.converter.abstain import abstention_plan
    from edgebert.converter.gate import data_check
    from edgebert.converter.teach import TeachingPlan

    return UserData(
        data_check(_path(check), max_drop, mixing=mixing),
        abstention_plan(_path(calibrate), _path(out_of_scope), max_wrong, min_coverage, confidence),
        None
        if teachable is None
        else TeachingPlan(
            Path(teachable),
            _path(calibrate),
            None if min_coverage == 1 else _path(out_of_scope),  # with 1 nothing is withheld
        ),
    )


def _path(source: Source) -> Path | None:
    return None if source is None else Path(source)
