"""A benchmark of models on one device or several at once: what `edgebert benchmark` does."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from edgebert.benchmarking.changes import ReportComparison
from edgebert.benchmarking.devices.address import DEFAULT_OPTIONS, DeviceOptions
from edgebert.benchmarking.devices.connection import LostConnectionError
from edgebert.benchmarking.devices.device import Device
from edgebert.benchmarking.devices.open import open_device
from edgebert.benchmarking.job import BenchmarkJob
from edgebert.benchmarking.result import BenchmarkReport, DeviceResult
from edgebert.errors import EdgebertError
from edgebert.progress import Progress, silent
from edgebert.version import __version__

_PERCENT = 100


@dataclass(frozen=True)
class BenchmarkOutcome:
    """What became of a benchmark.

    Attributes:
        report: of the devices that went well; None where none did.
        failures: one line for each of the others.
        comparison: of the report with what it was to be compared with.
    """

    report: BenchmarkReport | None
    failures: tuple[str, ...]
    comparison: ReportComparison | None = None


def benchmark(
    job: BenchmarkJob,
    devices: Sequence[str] = ("local",),
    options: DeviceOptions = DEFAULT_OPTIONS,
    *,
    progress: Progress = silent,
    open_one: Callable[[str, DeviceOptions], Device] = open_device,
) -> BenchmarkOutcome:
    """Runs a job on devices, all at the same time.

    Args:
        job: its paths are those of this machine.
        devices: addresses, see `devices.open.open_device`.
        options: how devices are set up.
        progress: is told of each device in percent, under its name.
        open_one: makes a device of an address.

    Raises:
        EdgebertError: an address is none, or is there twice.
    """
    doubles = [address for address, count in Counter(devices).items() if count > 1]
    if not devices or doubles:
        raise EdgebertError(
            f"device {doubles[0]!r} is given twice" if doubles else "no device to measure on"
        )
    opened = [open_one(address, options) for address in devices]
    results = _run_all(job, opened, _one_at_a_time(progress))
    good = tuple(result for result in results if isinstance(result, DeviceResult))
    failures = tuple(result for result in results if isinstance(result, str))
    created = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return BenchmarkOutcome(BenchmarkReport(created, __version__, good) if good else None, failures)


def names_of(paths: Sequence[Path]) -> list[str]:
    """What a report calls models: by their files, and their folders where files are alike."""
    different = Counter(path.stem for path in dict.fromkeys(paths))
    return [path.stem if different[path.stem] == 1 else str(path.with_suffix("")) for path in paths]


def _run_all(
    job: BenchmarkJob, devices: Sequence[Device], progress: Progress
) -> list[DeviceResult | str]:
    if len(devices) == 1:  # on this thread, where Ctrl-C is heard
        return [_run(job, devices[0], progress)]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(devices), thread_name_prefix="edgebert-device") as pool:
        running = [pool.submit(_run, job, device, progress) for device in devices]
        return [each.result() for each in running]


def _run(job: BenchmarkJob, device: Device, progress: Progress) -> DeviceResult | str:
    """The result, or in one line why there is none."""

    def report(done: int, total: int | None, description: str) -> None:
        if total:
            progress(_PERCENT * done // total, _PERCENT, device.name)

    try:
        with device:
            return replace(device.run(job, report), name=device.name)
    except (EdgebertError, LostConnectionError, OSError) as error:  # the others still have theirs
        message = str(error)
        known = device.name == "local" or message.startswith(device.name)
        return message if known else f"{device.name}: {message}"


def _one_at_a_time(progress: Progress) -> Progress:
    lock = threading.Lock()

    def report(done: int, total: int | None, description: str) -> None:
        with lock:
            progress(done, total, description)

    return report
