"""The process that one model is measured in: `python -m edgebert.benchmarking.worker`.

It tells how the cold start went, and then answers each line on stdin, {"do": name, …}, by what one
of its `COMMANDS` gives, until stdin ends.
"""

# What takes part in a cold start is imported while the clock runs, the rest before or after it.

from __future__ import annotations

import contextlib
import json
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from edgebert.benchmarking.worker_protocol import Send, serve

if TYPE_CHECKING:
    from edgebert.benchmarking.setting import Setting


class Worker:
    """A model in this process, from opening it to its last answer.

    Attributes:
        cold: how the way to the first answer went.

    Raises:
        EdgebertError: the model cannot be opened, or does not take the first text.
    """

    def __init__(self, setting: Setting) -> None:
        from edgebert.benchmarking.memory import read_mapped, read_memory
        from edgebert.benchmarking.system import System
        from edgebert.benchmarking.timing import Stopwatch
        from edgebert.runtime.engines import ENGINES
        from edgebert.runtime.model import load

        system, path = System(), Path(setting.model)
        memory = {"baseline": vars(read_memory(system))}
        start = time.perf_counter()
        with warnings.catch_warnings(record=True) as caught:
            self._model = load(
                path,
                engine=setting.engine,
                threads=setting.threads,
                accelerator=setting.accelerator,
            )
        load_ms = milliseconds_since(start)
        memory["loaded"] = vars(read_memory(system))
        start = time.perf_counter()
        self._model.reply(*setting.texts[0])
        first_ms = milliseconds_since(start)
        memory["first"] = vars(read_memory(system))
        self.cold: dict[str, Any] = {
            "engine": ENGINES[self._model.engine].package,
            "accelerator": self._model.accelerator,
            "accelerated": self._model.accelerated if self._model.accelerator != "cpu" else None,
            "warnings": [str(each.message) for each in caught],
            "cold": {"load_ms": load_ms, "first_ms": first_ms},
            "memory": {**memory, "model_file": read_mapped(system, path)},
        }
        self._texts = setting.texts
        self._stopwatch = Stopwatch(self._model)

    def round(self, seconds: float) -> dict[str, Any]:
        """Times answers for so long, and all texts at least once."""
        return vars(self._stopwatch.round(self._texts, seconds))

    def answers(self, seconds: float) -> dict[str, Any]:
        """Counts answers for so long, and all texts at least once; nothing else is done."""
        from edgebert.benchmarking.timing import count_answers

        return {"count": count_answers(self._model, self._texts, seconds)}

    def peak(self) -> dict[str, Any]:
        """The most memory until now."""
        from edgebert.benchmarking.memory import read_peak
        from edgebert.benchmarking.system import System

        return vars(read_peak(System()))

    def accuracy(self, data: str) -> dict[str, Any]:
        """The task's usual metric on labelled data."""
        from edgebert.evaluation.data import open_data
        from edgebert.evaluation.evaluate import evaluate

        model = self._model
        opened = open_data(Path(data), model.task, multi_label=model.multi_label)
        outcome = evaluate(model, opened)
        metric, value = next(iter(outcome.metrics.items()))
        bounds = outcome.intervals[metric].to_json()
        low = None if bounds is None else bounds[0]
        return {"metric": metric, "value": value, "rows": outcome.rows, "low": low}


COMMANDS: Mapping[str, Callable[..., dict[str, Any]]] = MappingProxyType(
    {
        "round": Worker.round,
        "answers": Worker.answers,
        "peak": Worker.peak,
        "accuracy": Worker.accuracy,
    }
)


def work(setting: Setting, send: Send) -> None:
    """Measures one model."""
    start = time.perf_counter()
    import_runtime(setting.engine)
    import_ms = milliseconds_since(start)
    worker = Worker(setting)
    worker.cold["cold"]["import_ms"] = import_ms
    send(worker.cold)
    for line in sys.stdin:
        request = json.loads(line)
        send(COMMANDS[request.pop("do")](worker, **request))


def import_runtime(engine: str) -> None:
    """Imports edgebert's runtime and the engine that it will choose, numpy with them."""
    import_module("edgebert.runtime.model")
    from edgebert.runtime.engines import ENGINES

    for each in ENGINES.values() if engine == "auto" else [ENGINES[engine]]:
        with contextlib.suppress(Exception):  # opening the model tells what is wrong with it
            import_module(each.module)
            return


def milliseconds_since(start: float) -> float:
    """By the clock `time.perf_counter`."""
    return round(1e3 * (time.perf_counter() - start), 3)


if __name__ == "__main__":
    sys.exit(serve(work))
