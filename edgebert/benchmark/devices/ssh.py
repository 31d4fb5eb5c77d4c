"""A machine behind ssh: sends this edgebert and the models there, runs, fetches, cleans up.

Everything there lies in `~/.cache/edgebert/device`: files by content, so that nothing is sent
twice; Python environments by what is in them; and a folder for each job, removed at its end.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from edgebert.benchmark.devices.address import DEFAULT_OPTIONS, DeviceOptions, SshAddress
from edgebert.benchmark.devices.events import EventReader, one_line
from edgebert.benchmark.devices.retry import LostConnectionError, never_moves, patiently
from edgebert.benchmark.devices.ssh_client import SshClient
from edgebert.benchmark.devices.ssh_files import SshFiles
from edgebert.benchmark.devices.ssh_python import (
    BARE,
    RemotePython,
    find_python,
    make_environment,
    program,
)
from edgebert.benchmark.job import Job
from edgebert.benchmark.result import DeviceResult
from edgebert.checkpoints.download import DEFAULT_PATIENCE, Patience
from edgebert.checkpoints.progress import Progress, silent
from edgebert.errors import EdgebertError

Result = TypeVar("Result")

# Whether a process ($1) is the job of a folder ($2), where it works: after a restart of the machine
# its number may be another program's.
_OURS = """
ours() {
    [ ! -L "/proc/$1/cwd" ] || [ "$(cd -P "/proc/$1/cwd" && pwd)" = "$(cd -P "$2" && pwd)" ]
}
"""
# Prints the number of a job that still runs; folders of those that ended are removed, and those
# that never began, on another day.
_LOOK_FOR_JOBS = f"""{_OURS}\
for folder in "$1"/jobs/*/; do
    [ -d "$folder" ] || continue
    if [ -e "$folder/pid" ]; then
        pid=$(cat "$folder/pid")
        if kill -0 "$pid" 2>/dev/null && ours "$pid" "$folder"; then echo "$pid"; exit; fi
    elif [ -z "$(find "$folder" -prune -mtime +0)" ]; then
        continue
    fi
    rm -rf "$folder"
done
"""
_END_JOB = f"""{_OURS}\
pid=$(cat "$1/pid" 2>/dev/null) && ours "$pid" "$1" && kill -9 "-$pid" 2>/dev/null
rm -rf "$1"
"""


class SshDevice:
    """A machine behind ssh; entering it connects and looks for a Python.

    Args:
        address: of the machine.
        options: interpreter, wheel, ssh's configuration.
        patience: how often a lost connection is made again; `timeout` is ssh's own.
    """

    def __init__(
        self,
        address: SshAddress,
        options: DeviceOptions = DEFAULT_OPTIONS,
        patience: Patience = DEFAULT_PATIENCE,
    ) -> None:
        self.name = str(address)
        self._options = options
        self._patience = patience
        self._client = SshClient(address, options.ssh_config)
        self._python: RemotePython | None = None

    def __enter__(self) -> SshDevice:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._client)
            try:
                self._python = find_python(self._client, self._options.python)
            except LostConnectionError as error:
                raise EdgebertError(f"{self.name}: {error}") from None
            stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.__exit__(kind, error, trace)

    def run(self, job: Job, progress: Progress = silent) -> DeviceResult:
        """Runs a job there; its paths are those of this machine.

        After a lost connection it goes on where it was; the job keeps running meanwhile.

        Raises:
            EdgebertError: the connection is lost for good, the device lacks something, another
                benchmark runs there, or the job failed; in one line. Nothing is kept of it.
        """
        there = self._python
        if there is None:
            raise EdgebertError(f"{self.name}: not connected")
        self._refuse_company(there)
        python = there.executable
        if self._options.python is None:
            progress(0, None, f"Python environment on {self.name}")
            python = self._patiently(lambda: make_environment(self._client, there, job.engines))
        files = SshFiles(self._client, there, self._patience, progress)
        code = files.unpack_edgebert(self._options.wheel)
        job = _send_inputs(job, files)
        folder = f"{there.cache}/jobs/{uuid.uuid4().hex}"
        try:
            files.send(json.dumps(job.to_json()).encode(), f"{folder}/job.json")
            start = [there.executable, *BARE, "-c", program("follow"), folder]
            command = ["env", f"PYTHONPATH={code}", python, "-m", "edgebert.benchmark", "job.json"]
            return self._follow(start, command, progress)
        finally:
            with contextlib.suppress(EdgebertError):
                self._patiently(lambda: self._client.run([folder], shell=_END_JOB))

    def _refuse_company(self, there: RemotePython) -> None:
        running = self._patiently(lambda: self._client.run([there.cache], shell=_LOOK_FOR_JOBS))
        if running.strip().isdigit():
            raise EdgebertError(
                f"{self.name}: another benchmark runs there; wait for it, "
                f"or end it there by `kill -9 -{running.strip()}`"
            )

    def _follow(
        self, start: Sequence[str], command: Sequence[str], progress: Progress
    ) -> DeviceResult:
        reader = EventReader(self.name, progress)

        def follow() -> DeviceResult:
            reader.drop_piece()
            with self._client.start([*start, str(reader.offset), *command]) as process:
                process.stdin.close()
                while data := os.read(process.stdout.fileno(), 1 << 18):
                    reader.feed(data)
                errors, status = process.stderr.read(), process.wait()
            if reader.result is None:
                self._client.check(status, errors)
                said = one_line(errors.decode(errors="replace"))
                raise EdgebertError(f"{self.name}: ended without a result: {said}")
            return replace(reader.result, name=self.name)

        return self._patiently(follow, lambda: reader.offset)

    def _patiently(
        self, step: Callable[[], Result], moved: Callable[[], int] = never_moves
    ) -> Result:
        return patiently(step, self.name, self._patience, moved)


def _send_inputs(job: Job, files: SshFiles) -> Job:
    """Sends what the job reads; the job with the paths over there."""
    return replace(
        job,
        models=tuple(replace(model, path=files.keep(Path(model.path))) for model in job.models),
        texts=job.texts and files.keep(Path(job.texts)),
        data=job.data and files.keep(Path(job.data)),
    )
