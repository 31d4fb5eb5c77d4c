"""Whether a file answers here as it did where it was made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgebert.model_file.record import Record, SelfTest
from edgebert.runtime.session import Session
from edgebert.tokenizer.tokenizer import Tokenizer


@dataclass(frozen=True)
class SelfTestReport:
    """What became of the file's self-test on this machine.

    Attributes:
        failures: one line for each text that failed; empty when all is well.
        largest_difference: to the recorded outputs.
        tolerance: what is allowed.
    """

    texts: int
    failures: tuple[str, ...]
    largest_difference: float
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether every text gave its recorded ids and output."""
        return not self.failures


def self_test(record: Record, tokenizer: Tokenizer, session: Session) -> SelfTestReport:
    """Runs the texts of the record and compares ids and outputs."""
    failures: list[str] = []
    largest = 0.0
    for case in record.self_test:
        difference = _difference(case, tokenizer, session)
        if isinstance(difference, str):
            failures.append(difference)
            continue
        largest = max(largest, difference)
        if not difference <= record.self_test_tolerance:
            failures.append(f"{case.text[:40]!r}: output is off by {difference:.2g}")
    return SelfTestReport(
        len(record.self_test), tuple(failures), largest, record.self_test_tolerance
    )


def _difference(case: SelfTest, tokenizer: Tokenizer, session: Session) -> float | str:
    """Largest difference to the recorded output, or what is wrong beside it."""
    name = repr(case.text[:40])
    if tuple(tokenizer.encode(case.text, case.pair).ids) != case.ids:
        return f"{name}: tokenised differently"
    output = session.run(case.ids, case.segment_ids, case.further)
    if output.shape != case.shape:
        return f"{name}: output has shape {output.shape}, recorded is {case.shape}"
    found = output.reshape(-1)[:: case.stride]
    return float(np.abs(found - np.asarray(case.output, np.float32)).max())
