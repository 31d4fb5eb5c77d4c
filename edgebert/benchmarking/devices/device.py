"""What every device can do."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod

from edgebert.benchmarking.job import BenchmarkJob
from edgebert.benchmarking.result import DeviceResult
from edgebert.progress import Progress, silent


class Device(contextlib.AbstractContextManager["Device"], ABC):
    """A place to run benchmarks; entering it connects, leaving it disconnects.

    Attributes:
        name: its address, as the report gives it.
    """

    name: str

    @abstractmethod
    def run(self, job: BenchmarkJob, progress: Progress = silent) -> DeviceResult:
        """Runs a job there; its paths are those of this machine.

        Raises:
            EdgebertError: the device cannot be reached, lacks something, or the job failed there.
        """

    def __exit__(self, *_: object) -> None:
        return
