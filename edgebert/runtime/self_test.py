"""Whether a file answers here as it did where it was made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgebert.arrays import Array
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
        lowest_cosine: of any text's output with the recorded one; 1 where it is one number.
    """

    texts: int
    failures: tuple[str, ...]
    largest_difference: float
    tolerance: float
    lowest_cosine: float = 1.0

    @property
    def passed(self) -> bool:
        """Whether every text gave its recorded ids and output."""
        return not self.failures


def self_test(record: Record, tokenizer: Tokenizer, session: Session) -> SelfTestReport:
    """Runs the texts of the record and compares ids and outputs."""
    failures: list[str] = []
    largest, lowest = 0.0, 1.0
    for case in record.self_test:
        found = _found(case, tokenizer, session)
        if isinstance(found, str):
            failures.append(found)
            continue
        recorded = np.asarray(case.output, np.float32)
        difference = float(np.abs(found - recorded).max())
        largest, lowest = max(largest, difference), min(lowest, _cosine(found, recorded))
        if not difference <= record.self_test_tolerance:
            failures.append(f"{case.text[:40]!r}: output is off by {difference:.2g}")
    return SelfTestReport(
        len(record.self_test), tuple(failures), largest, record.self_test_tolerance, lowest
    )


def _found(case: SelfTest, tokenizer: Tokenizer, session: Session) -> Array | str:
    """The numbers of which the record has what they were, or what is wrong beside them."""
    name = repr(case.text[:40])
    if tuple(tokenizer.encode(case.text, case.pair).ids) != case.ids:
        return f"{name}: tokenised differently"
    output = session.run(case.ids, case.segment_ids, case.further)
    if output.shape != case.shape:
        return f"{name}: output has shape {output.shape}, recorded is {case.shape}"
    return output.reshape(-1)[:: case.stride]


def _cosine(a: Array, b: Array) -> float:
    if len(a) == 1:
        return 1.0
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / lengths if lengths else float(a.any() == b.any())
