"""What every device can do."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol

from edgebert.benchmark.job import Job
from edgebert.benchmark.result import DeviceResult
from edgebert.checkpoints.progress import Progress, silent


class Device(Protocol):
    """A place to run benchmarks; a context manager.

    Attributes:
        name: its address, as the report gives it.
    """

    name: str

    def run(self, job: Job, progress: Progress = silent) -> DeviceResult:
        """Runs a job there; its paths are those of this machine.

        Raises:
            EdgebertError: the device cannot be reached, lacks something, or the job failed there.
        """

    def __enter__(self) -> Device: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
