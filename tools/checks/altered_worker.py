"""A worker of the benchmark that holds a file of one name up: `altered_worker.py SHARE`."""

from __future__ import annotations

import sys
import time
from typing import Any

from edgebert.benchmarking.worker import work
from edgebert.benchmarking.worker_protocol import serve

HELD_UP = "held_up.tflite"


def hold_up(share: float) -> None:
    """From now on answers of that file take so much longer, as a share of their time."""
    from edgebert.runtime.model import Model

    infer = Model.infer

    def delayed(model: Model, job: Any) -> Any:
        start = time.perf_counter_ns()
        reply = infer(model, job)
        if model.path.name == HELD_UP:
            until = time.perf_counter_ns() + share * (time.perf_counter_ns() - start)
            while time.perf_counter_ns() < until:
                pass
        return reply

    Model.infer = delayed  # type: ignore[method-assign]


if __name__ == "__main__":
    hold_up(float(sys.argv[1]))
    sys.exit(serve(work))
