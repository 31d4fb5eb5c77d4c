"""A phone behind adb: the Android app measures, as `docs/android_protocol.md` says."""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
import time
import uuid
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from edgebert.benchmark.devices.adb_client import AdbClient
from edgebert.benchmark.devices.events import EventReader
from edgebert.benchmark.devices.package import place
from edgebert.benchmark.devices.retry import patiently
from edgebert.benchmark.job import Job
from edgebert.benchmark.result import DeviceResult
from edgebert.checkpoints.download import DEFAULT_PATIENCE, Patience
from edgebert.checkpoints.progress import Progress, silent
from edgebert.errors import EdgebertError
from edgebert.files import sha256_of

PACKAGE = "dev.edgebert.demo"
"""The app's id; its results lie in its own folder of the shared storage."""

ACTIVITY = f"{PACKAGE}/.BenchmarkActivity"
INPUTS = "/data/local/tmp/edgebert"
RESULTS = f"/sdcard/Android/data/{PACKAGE}/files/benchmark"
ENGINES = ("auto", "litert")

_PAUSE = 0.5
_PATIENCE_WITH_START = 20.0
"""Seconds the app may take to write its first event."""


class AdbDevice:
    """A phone on which the app is installed; entering it finds the phone and the app.

    Args:
        serial: of the phone; None: the only one.
        patience: with lost connections.
    """

    def __init__(self, serial: str | None, patience: Patience = DEFAULT_PATIENCE) -> None:
        self.name = f"adb:{serial}" if serial else "adb"
        self._client = AdbClient(serial)
        self._patience = patience

    def __enter__(self) -> AdbDevice:
        self._client.find()
        self.name = self._client.name
        if not self._patiently_shell("pm", "path", PACKAGE).startswith("package:"):
            raise EdgebertError(
                f"{self.name}: the app {PACKAGE} is not installed; "
                "build android_demo/ and install it by `adb install`"
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return

    def run(self, job: Job, progress: Progress = silent) -> DeviceResult:
        """Runs a job in the app; its paths are those of this machine.

        Raises:
            EdgebertError: the phone is gone, the app failed, or it says what is wrong.
        """
        unknown = [engine for engine in job.engines if engine not in ENGINES]
        if unknown:
            raise EdgebertError(f"{self.name}: no engine {unknown[0]} there; the app has litert")
        job = self._push_inputs(job, progress)
        number = uuid.uuid4().hex
        inputs, results = f"{INPUTS}/{number}.json", f"{RESULTS}/{number}"
        try:
            self._push_text(json.dumps(job.to_json()), inputs)
            started = self._patiently_shell(  # again after a lost connection: -S begins anew
                "am", "start", "-W", "-S", "-n", ACTIVITY, "-e", "job", inputs, "-e", "id", number
            )
            if re.search(r"^Error", started, re.MULTILINE):
                raise EdgebertError(
                    f"{self.name}: the app has no benchmark ({ACTIVITY}); install a newer one"
                )
            return self._follow(f"{results}/events.jsonl", progress)
        finally:
            with contextlib.suppress(EdgebertError):
                self._patiently_shell("am", "force-stop", PACKAGE)
                self._patiently_shell("rm", "-rf", inputs, results)

    def _follow(self, events: str, progress: Progress) -> DeviceResult:
        reader = EventReader(self.name, progress)
        started = time.monotonic()
        while True:
            alive = self._alive()  # looked at before reading: then everything written is there
            reader.drop_piece()
            reader.feed(self._read_from(events, reader.offset))
            if reader.result is not None:
                return replace(reader.result, name=self.name)
            waiting = reader.offset == 0 and time.monotonic() - started < _PATIENCE_WITH_START
            if not alive and not waiting:
                raise EdgebertError(
                    f"{self.name}: the app ended without a result; "
                    f"`adb logcat` tells more (look for {PACKAGE})"
                )
            time.sleep(_PAUSE)

    def _alive(self) -> bool:
        return self._patiently_shell("pidof", PACKAGE).strip().isdigit()

    def _read_from(self, path: str, offset: int) -> bytes:
        """What stands in a file there from `offset` on; nothing where there is no file."""
        return patiently(lambda: self._client.read(path, offset), self.name, self._patience)

    def _patiently_shell(self, *command: str) -> str:
        return patiently(lambda: self._client.shell(*command), self.name, self._patience)

    def _push_inputs(self, job: Job, progress: Progress) -> Job:
        paths = [Path(model.path) for model in job.models]
        further = [Path(path) for path in (job.texts, job.data) if path]
        there = {}
        for number, path in enumerate((*paths, *further)):
            progress(number, len(paths) + len(further), f"{path.name} to {self.name}")
            there[str(path)] = self._push(path)
        return replace(
            job,
            models=tuple(replace(model, path=there[str(Path(model.path))]) for model in job.models),
            texts=job.texts and there[str(Path(job.texts))],
            data=job.data and there[str(Path(job.data))],
        )

    def _push(self, path: Path) -> str:
        """Sends a file, unless its content is there already; gives its path there."""
        digest = sha256_of(path)
        to = place(INPUTS, path, digest)
        if not self._has(to, digest):
            patiently(lambda: self._client.push(path, to), self.name, self._patience)
            if not self._has(to, digest):
                raise EdgebertError(f"{self.name}: {path.name} arrives damaged there; run again")
        return to

    def _has(self, path: str, digest: str) -> bool:
        return self._patiently_shell("sha256sum", path).startswith(digest)

    def _push_text(self, text: str, to: str) -> None:
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "text"
            path.write_text(text, encoding="utf-8")
            patiently(lambda: self._client.push(path, to), self.name, self._patience)
