"""What is to be measured on a device; it travels to it as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from edgebert.errors import EdgebertError
from edgebert.typed_json import from_json

FORMAT = 1
MIN_SECONDS = 1.0


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
class Job:
    """Every model is measured with every engine, number of threads and length.

    Paths are those of the machine that the job runs on.

    Attributes:
        engines: "auto", "litert" or "tflite-runtime".
        lengths: in tokens, special ones included; measured beside the texts.
        texts: UTF-8, one text a line, or text, tab and pair; None: `edgebert/data/questions.txt`.
        rounds: exactly so many; None: as `min_seconds` says.
        min_seconds: of answers for each run, then on until the median is stable.
        cores: "big", "little" or numbers such as "0-3,6"; None: all.
        data: labelled data to measure accuracy on.
    """

    models: tuple[JobModel, ...]
    engines: tuple[str, ...] = ("auto",)
    threads: tuple[int, ...] = (1,)
    lengths: tuple[int, ...] = ()
    texts: str | None = None
    rounds: int | None = None
    min_seconds: float = MIN_SECONDS
    cores: str | None = None
    data: str | None = None
    format: int = FORMAT

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, text: str | bytes) -> Job:
        """Reads a job.

        Raises:
            EdgebertError: not JSON, of another format, or it does not fit.
        """
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            raise EdgebertError("benchmark job: not JSON") from None
        if isinstance(value, dict) and value.get("format") != FORMAT:
            raise EdgebertError(
                f"benchmark job: format {value.get('format')!r}; this edgebert takes {FORMAT}"
            )
        return from_json(cls, value, "benchmark job")
