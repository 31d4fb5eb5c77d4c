"""A worker of the benchmark, altered: `altered_worker.py DELAY CLOCK`.

Its answers take longer by the share DELAY, and CLOCK is the function of `time` that times them:
perf_counter_ns as usual, or process_time_ns, which stands still while others have the processor.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from edgebert.benchmark import steady
from edgebert.benchmark.pipe import Send, serve
from edgebert.benchmark.setting import Setting
from edgebert.benchmark.worker import work


def delay_answers(share: float, clock: Callable[[], int]) -> None:
    """From now on models of this process take longer."""
    from edgebert.runtime.model import Model

    answer = Model.answer

    def delayed(model: Model, job: Any) -> Any:
        start = clock()
        reply = answer(model, job)
        until = clock() + share * (clock() - start)
        while clock() < until:
            pass
        return reply

    Model.answer = delayed  # type: ignore[method-assign]


def work_altered(setting: Setting, send: Send) -> None:
    delay, clock = float(sys.argv[1]), getattr(time, sys.argv[2])
    steady.Stopwatch = partial(steady.Stopwatch, clock=clock)  # type: ignore[assignment, misc]
    if delay:
        delay_answers(delay, clock)
    work(setting, send)


if __name__ == "__main__":
    sys.exit(serve(work_altered))
