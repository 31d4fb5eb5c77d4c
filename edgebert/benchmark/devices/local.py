"""This machine."""

from __future__ import annotations

from edgebert.benchmark.devices.device import Device
from edgebert.benchmark.job import Job, run_job
from edgebert.benchmark.result import DeviceResult
from edgebert.checkpoints.progress import Progress, silent


class LocalDevice(Device):
    """Runs jobs here; entering it needs nothing."""

    name = "local"

    def run(self, job: Job, progress: Progress = silent) -> DeviceResult:
        """Runs a job.

        Raises:
            EdgebertError: it cannot be run here.
        """
        return run_job(job, progress)
