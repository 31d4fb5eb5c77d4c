"""A phone behind adb: the Android app measures, as `docs/android_protocol.md` says."""

from __future__ import annotations

import re
import time

from edgebert.benchmarking.devices.adb_client import AdbClient
from edgebert.benchmarking.devices.remote import RemoteDevice
from edgebert.benchmarking.job import BenchmarkJob
from edgebert.errors import EdgebertError
from edgebert.progress import Progress
from edgebert.retry_policy import DEFAULT_RETRY_POLICY, RetryPolicy

PACKAGE = "dev.edgebert.demo"
"""The app's id; its results lie in its own folder of the shared storage."""

ACTIVITY = f"{PACKAGE}/.BenchmarkActivity"
INPUTS = "/data/local/tmp/edgebert"
RESULTS = f"/sdcard/Android/data/{PACKAGE}/files/benchmark"
ENGINES = ("auto", "litert")

_SECONDS_TO_START = 20.0
"""That the app may take to write its first event."""

# Again after a lost connection: -S ends a benchmark that is still under way.
_START = 'am start -W -S -n "$1" -e job "$2" -e id "$3"'
_IS_RUNNING = """
if pidof "$1" >/dev/null; then echo running
elif [ ! -e "$2" ]; then echo not yet
fi
"""
_END = 'am force-stop "$1"; rm -rf "$2"'


class AdbDevice(RemoteDevice):
    """A phone on which the app is installed; entering it finds the phone and the app.

    Args:
        serial: of the phone; None: the only one.
        patience: with lost connections.
    """

    files = INPUTS

    def __init__(self, serial: str | None, patience: RetryPolicy = DEFAULT_RETRY_POLICY) -> None:
        self._client = AdbClient(serial)
        super().__init__(self._client, patience)
        self.name = self._client.name

    def __enter__(self) -> AdbDevice:
        self._client.find()
        self.name = self._client.name
        if not self.shell('pm path "$1"', PACKAGE).startswith("package:"):
            raise EdgebertError(
                f"{self.name}: the app {PACKAGE} is not installed; "
                "build android_demo/ and install it by `adb install`"
            )
        return self

    def prepare(self, job: BenchmarkJob, progress: Progress) -> None:
        """Refuses engines and accelerators that the app has not."""
        unknown = [engine for engine in job.engines if engine not in ENGINES]
        if unknown:
            raise EdgebertError(f"{self.name}: no engine {unknown[0]} there; the app has litert")
        if job.accelerator != "cpu":
            raise EdgebertError(
                f"{self.name}: the app measures on the cpu; an accelerator is for local and ssh"
            )

    def start(self, job: str, number: str) -> str:
        """Starts the app's benchmark."""
        started = self.shell(_START, ACTIVITY, job, number)
        if re.search(r"^Error", started, re.MULTILINE):
            raise EdgebertError(
                f"{self.name}: the app has no benchmark ({ACTIVITY}); install a newer one"
            )
        self._deadline = time.monotonic() + _SECONDS_TO_START
        return self._events(number)

    def is_running(self, number: str) -> bool:
        """By the app's process, which may take a while to appear."""
        found = self.shell(_IS_RUNNING, PACKAGE, self._events(number)).strip()
        return found == "running" or (bool(found) and time.monotonic() < self._deadline)

    def reason(self, number: str) -> str:
        """The phone's log knows."""
        return f"the app ended without a result; `adb logcat` tells more (look for {PACKAGE})"

    def end(self, number: str) -> None:
        """Stops the app, and removes what it wrote."""
        self.shell(_END, PACKAGE, f"{RESULTS}/{number}")

    def _events(self, number: str) -> str:
        return f"{RESULTS}/{number}/events.jsonl"
