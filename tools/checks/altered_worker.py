"""A worker of the benchmark whose answers take longer: `altered_worker.py SHARE`."""

from __future__ import annotations

import sys
import time
from typing import Any

from edgebert.benchmarking.worker import work
from edgebert.benchmarking.worker_protocol import serve


def delay_answers(share: float) -> None:
    """From now on models of this process take so much longer, as a share of their time."""
    from edgebert.runtime.model import Model

    infer = Model.infer

    def delayed(model: Model, job: Any) -> Any:
        start = time.perf_counter_ns()
        reply = infer(model, job)
        until = time.perf_counter_ns() + share * (time.perf_counter_ns() - start)
        while time.perf_counter_ns() < until:
            pass
        return reply

    Model.infer = delayed  # type: ignore[method-assign]


if __name__ == "__main__":
    if share := float(sys.argv[1]):
        delay_answers(share)
    sys.exit(serve(work))
