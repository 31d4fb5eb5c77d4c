"""What is to be measured on a device; it travels to it as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, get_args

from edgebert.errors import EdgebertError
from edgebert.runtime.engines import ENGINES, MOST_THREADS
from edgebert.support import AcceleratorChoice
from edgebert.typed_json import from_json

FORMAT = 1
MIN_SECONDS = 0.5
PROCESSES = 5

_MOST_SECONDS = 86_400
_MOST_PROCESSES = 1000


@dataclass(frozen=True)
class JobModel:
    """A model file.

    Attributes:
        path: where it lies on the machine that the job runs on.
        sha256: that it must have, hexadecimal.
        name: what the report calls it.
    """

    path: str
    sha256: str
    name: str


@dataclass(frozen=True)
class BenchmarkJob:
    """Every model is measured with every engine, number of threads and length.

    Paths are those of the machine that the job runs on.

    Attributes:
        engines: "auto", "litert" or "tflite-runtime".
        lengths: in tokens, special ones included; measured beside the texts.
        texts: UTF-8, one text a line, or text, tab and pair; None: `edgebert/data/questions.txt`.
        rounds: exactly so many; None: as `min_seconds` says.
        min_seconds: of answers for each run, then on until the time is stable.
        processes: that measure each model one after the other; each gives its share of the rounds.
        cores: "big", "little" or numbers such as "0-3,6"; None: all.
        data: labelled data to measure accuracy on.
        accelerator: each model is measured on it and on the CPU, interleaved; "auto": those that it
            runs rightly.

    Raises:
        EdgebertError: nothing to measure, or a number out of range.
    """

    models: tuple[JobModel, ...]
    engines: tuple[str, ...] = ("auto",)
    threads: tuple[int, ...] = (1,)
    lengths: tuple[int, ...] = ()
    texts: str | None = None
    rounds: int | None = None
    min_seconds: float = MIN_SECONDS
    processes: int = PROCESSES
    cores: str | None = None
    data: str | None = None
    accelerator: AcceleratorChoice = "cpu"
    format: int = FORMAT

    def __post_init__(self) -> None:
        engines = ("auto", *ENGINES)
        wrong = {
            "no model to measure; give one or more .tflite files": not self.models,
            f"engines {', '.join(self.engines)}: known are {', '.join(engines)}": (
                not self.engines or not set(self.engines) <= set(engines)
            ),
            f"threads {_list(self.threads)}: whole numbers from 1 to {MOST_THREADS} are needed": (
                not self.threads or not 1 <= min(self.threads) <= max(self.threads) <= MOST_THREADS
            ),
            f"accelerator {self.accelerator!r} is unknown; known: cpu, gpu, auto": (
                self.accelerator not in get_args(AcceleratorChoice)
            ),
            f"rounds is {self.rounds}; at least 1 is needed": (
                self.rounds is not None and self.rounds < 1
            ),
            f"processes is {self.processes}; 1 to {_MOST_PROCESSES} are accepted": (
                not 1 <= self.processes <= _MOST_PROCESSES
            ),
            f"min_seconds is {self.min_seconds}; 0 to {_MOST_SECONDS} are accepted": (
                not 0 <= self.min_seconds <= _MOST_SECONDS
            ),
        }
        if message := next((message for message, holds in wrong.items() if holds), None):
            raise EdgebertError(message)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, text: str | bytes) -> BenchmarkJob:
        """Reads a job.

        Raises:
            EdgebertError: not JSON, of another format, or it does not fit.
        """
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise EdgebertError("benchmark job: not JSON") from error
        if isinstance(value, dict) and value.get("format") != FORMAT:
            raise EdgebertError(
                f"benchmark job: format {value.get('format')!r}; this edgebert takes {FORMAT}"
            )
        return from_json(cls, value, "benchmark job")


def _list(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers)) or "none"
