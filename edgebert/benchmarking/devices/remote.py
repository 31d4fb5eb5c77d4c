"""What all remote devices share: send the inputs, start the job, follow its events, clean up.

A device of a new kind is a `Connection`, and a subclass that says how a job is started there,
whether it still runs, and how it is ended: docs/devices.md.
"""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
import time
import uuid
from abc import abstractmethod
from dataclasses import replace
from functools import partial
from pathlib import Path

from edgebert.benchmarking.devices.connection import Connection, Retries
from edgebert.benchmarking.devices.device import Device
from edgebert.benchmarking.devices.events import EventReader
from edgebert.benchmarking.job import BenchmarkJob
from edgebert.benchmarking.result import DeviceResult
from edgebert.errors import EdgebertError
from edgebert.files import sha256_of
from edgebert.progress import Progress, silent
from edgebert.retry_policy import DEFAULT_RETRY_POLICY, RetryPolicy

_DIGEST = '[ ! -e "$1" ] || sha256sum <"$1" | cut -c1-64'
# A part whose content is not the wanted one goes, so that the next try begins anew.
_ACCEPT = """
if [ "$(sha256sum <"$1.part" | cut -c1-64)" = "$2" ]; then mv "$1.part" "$1" && echo accepted
else rm -f "$1.part"; fi
"""
_MAKE_FOLDER = 'mkdir -p "$1"'

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0
"""Seconds between two looks: each starts a process or two there, beside the benchmark."""


class RemoteDevice(Device):
    """A device behind a connection.

    Args:
        connection: to it.
        patience: with lost connections.

    Attributes:
        files: folder there for what jobs read, kept by content; set before a job runs.
    """

    files: str

    def __init__(
        self, connection: Connection, patience: RetryPolicy = DEFAULT_RETRY_POLICY
    ) -> None:
        self._connection = connection
        self._retry = Retries(connection, patience)

    @abstractmethod
    def prepare(self, job: BenchmarkJob, progress: Progress) -> None:
        """Makes the device ready for a job, or refuses it."""

    @abstractmethod
    def start(self, job: str, number: str) -> str:
        """Starts a job.

        Args:
            job: file there, as JSON.
            number: 32 hexadecimal digits, new for each job.

        Returns:
            The file there that its events are written to.
        """

    @abstractmethod
    def is_running(self, number: str) -> bool:
        """Whether a job runs. One that is not running has written all its events."""

    @abstractmethod
    def end(self, number: str) -> None:
        """Ends a job that still runs, and removes what is left of it."""

    def reason(self, number: str) -> str:
        """Why a job ended without a result."""
        return "the job ended without a result"

    def run(self, job: BenchmarkJob, progress: Progress = silent) -> DeviceResult:
        """Runs a job there; its paths are those of this machine.

        After a lost connection it goes on where it was; the job keeps running meanwhile.

        Raises:
            EdgebertError: the connection is lost for good, the device lacks something, or the job
                failed; in one line. Nothing is kept of it.
        """
        self.prepare(job, progress)
        job = self._send_inputs(job, progress)
        number = uuid.uuid4().hex
        description = f"{self.files}/{number}.json"
        try:
            self._send_text(json.dumps(job.to_json()), description)
            return self._follow(self.start(description, number), number, progress)
        finally:
            with contextlib.suppress(EdgebertError):
                self.shell('rm -f "$1" "$1.part"', description)
                self.end(number)

    def shell(self, script: str, *arguments: str) -> str:
        """What a script printed there, tried again after a lost connection."""
        return self._retry(lambda: self._connection.run(script, *arguments))

    def keep(self, path: Path, progress: Progress) -> str:
        """Sends a file, unless its content is there already; gives its path there."""
        digest = sha256_of(path)
        # By its content, under a name that no shell takes apart.
        name = re.sub(r"[^\w.-]", "_", path.name, flags=re.ASCII)
        folder = f"{self.files}/{digest[:16]}"
        self.shell(_MAKE_FOLDER, folder)
        self._send(path, f"{folder}/{name}", digest, progress)
        return f"{folder}/{name}"

    def _send_inputs(self, job: BenchmarkJob, progress: Progress) -> BenchmarkJob:
        """Sends what the job reads; the job with the paths over there."""

        def sent(path: str | None) -> str | None:
            return path and self.keep(Path(path), progress)

        models = (replace(m, path=self.keep(Path(m.path), progress)) for m in job.models)
        return replace(job, models=tuple(models), texts=sent(job.texts), data=sent(job.data))

    def _send_text(self, text: str, to: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / Path(to).name
            path.write_text(text, encoding="utf-8")
            self._send(path, to, sha256_of(path), silent)

    def _send(self, path: Path, to: str, digest: str, progress: Progress) -> None:
        if self.shell(_DIGEST, to).strip() == digest:
            return
        size, sent = path.stat().st_size, 0

        def on_bytes(done: int) -> None:
            nonlocal sent
            sent = done
            progress(done, size, f"{path.name} to {self.name}")

        # The second time is for what an earlier run left damaged.
        for _ in range(2):
            self._retry(lambda: self._connection.push(path, f"{to}.part", on_bytes), lambda: sent)
            if self.shell(_ACCEPT, to, digest).strip() == "accepted":
                return
        raise EdgebertError(f"{self.name}: {path.name} arrives damaged there; run again")

    def _follow(self, events: str, number: str, progress: Progress) -> DeviceResult:
        reader = EventReader(self.name, progress)
        pause = _SHORTEST_PAUSE
        while reader.result is None:
            # Asked before reading: then everything written is there.
            running = self.is_running(number)
            read = partial(self._connection.read, events, reader.offset)
            reader.feed(self._retry(read))
            if reader.result is None and not running:
                raise EdgebertError(f"{self.name}: {self.reason(number)}")
            if reader.result is None:
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        return replace(reader.result, name=self.name)
