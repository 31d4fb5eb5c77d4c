"""This machine."""

from __future__ import annotations

from edgebert.benchmarking.devices.device import Device
from edgebert.benchmarking.job import BenchmarkJob
from edgebert.benchmarking.result import DeviceResult
from edgebert.progress import Progress, silent


class LocalDevice(Device):
    """Runs jobs here; entering it needs nothing."""

    name = "local"

    def run(self, job: BenchmarkJob, progress: Progress = silent) -> DeviceResult:
        """Runs a job.

        Raises:
            EdgebertError: it cannot be run here.
        """
        from edgebert.benchmarking.measure import measure  # numpy and all that measures

        return measure(job, progress)
