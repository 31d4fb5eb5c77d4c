"""A device of a new kind takes a connection and four methods (docs/devices.md): here, a folder."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from edgebert.benchmarking.devices.connection import LostConnectionError
from edgebert.benchmarking.devices.remote import RemoteDevice
from edgebert.errors import EdgebertError
from edgebert.retry_policy import RetryPolicy
from tests.benchmarking.devices.jobs import job_of, stand_in

PYTHON = shlex.quote(sys.executable)


class FolderConnection:
    """To a folder of this machine; each method fails the first time it is used."""

    name = "folder"

    def __init__(self):
        self.failed = set()

    def _fail_once(self, method):
        if method not in self.failed:
            self.failed.add(method)
            raise LostConnectionError("stumbled")

    def run(self, script, *arguments):
        self._fail_once("run")
        command = ["sh", "-c", script, "sh", *arguments]
        return subprocess.run(command, capture_output=True, text=True).stdout

    def push(self, path, to, on_bytes):
        self._fail_once("push")
        self.run('cp "$1" "$2"', str(path), to)
        on_bytes(path.stat().st_size)

    def read(self, path, offset):
        self._fail_once("read")
        with Path(path).open("rb") as file:
            file.seek(offset)
            return file.read()


class FolderDevice(RemoteDevice):
    def __init__(self, folder, package):
        self.name = "folder"
        self.files, self._package = f"{folder}/files", package
        super().__init__(FolderConnection(), RetryPolicy(retries=1, pause=0))

    def prepare(self, job, progress):
        self.shell('mkdir -p "$1"', self.files)

    def start(self, job, number):
        events = f"{self.files}/{number}.events"
        command = f"PYTHONPATH={self._package} {PYTHON} -m edgebert.benchmarking {job} >{events} & "
        self.shell(f"cd /; {command} echo $! >{self.files}/{number}.pid")
        return events

    def is_running(self, number):
        return bool(self.shell(f"kill -0 $(cat {self.files}/{number}.pid) && echo yes"))

    def end(self, number):
        self.shell(f"kill $(cat {self.files}/{number}.pid); rm {self.files}/{number}.*")


def test_a_job_runs_in_a_folder_though_every_step_fails_once(tmp_path):
    steps = []
    with FolderDevice(tmp_path, stand_in(tmp_path)) as device:
        result = device.run(job_of(tmp_path), lambda done, total, what: steps.append(what))
    assert (result.name, result.facts.cpu) == ("folder", "Cortex-A76")
    assert steps[-2:] == ["first", "second"]
    assert not list((tmp_path / "files").glob("*.*"))


def test_a_job_that_dies_there_is_one_line(tmp_path):
    package = stand_in(tmp_path, end="sys.exit(1)")
    with (
        FolderDevice(tmp_path, package) as device,
        pytest.raises(EdgebertError, match=r"^folder: the job ended without a result$"),
    ):
        device.run(job_of(tmp_path))
