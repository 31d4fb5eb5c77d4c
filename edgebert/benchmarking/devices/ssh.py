"""A machine behind ssh: this very edgebert runs there, in a Python of its own.

Everything there lies in `~/.cache/edgebert/device`: files by content, so that nothing is sent
twice; Python environments by what is in them; and a folder for each job, removed at its end.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from edgebert.benchmarking.devices.address import DEFAULT_OPTIONS, DeviceOptions, SshAddress
from edgebert.benchmarking.devices.connection import LostConnectionError
from edgebert.benchmarking.devices.events import one_line
from edgebert.benchmarking.devices.package import pack
from edgebert.benchmarking.devices.remote import RemoteDevice
from edgebert.benchmarking.devices.ssh_client import SshClient
from edgebert.benchmarking.devices.ssh_python import RemotePython, find_python, make_environment
from edgebert.benchmarking.job import BenchmarkJob
from edgebert.errors import EdgebertError
from edgebert.files import sha256_of
from edgebert.progress import Progress
from edgebert.retry_policy import DEFAULT_RETRY_POLICY, RetryPolicy

# Whether a process ($1) is the job of a folder ($2), where it works: after a restart of the machine
# its number may be another program's.
_OURS = """
ours() {
    kill -0 "$1" 2>/dev/null || return 1
    [ ! -L "/proc/$1/cwd" ] || [ "$(cd -P "/proc/$1/cwd" && pwd)" = "$(cd -P "$2" && pwd)" ]
}
"""
# Prints the number of a job that still runs; folders of those that ended are removed, and those
# that never began, on another day.
_LOOK_FOR_JOBS = f"""{_OURS}\
for folder in "$1"/*/; do
    [ -d "$folder" ] || continue
    if [ -e "$folder/pid" ]; then
        pid=$(cat "$folder/pid")
        if ours "$pid" "$folder"; then echo "$pid"; exit; fi
    elif [ -z "$(find "$folder" -prune -mtime +0)" ]; then
        continue
    fi
    rm -rf "$folder"
done
"""
# In a session of its own, which no hang-up reaches. Its status appears in one piece, and after
# everything that it printed. After a lost connection the job may have been started already.
_START = """
set -e
mkdir -p "$1"
cd "$1"
[ ! -e pid ] || exit 0
shift
setsid sh -c '"$@" >events 2>errors; echo $? >status.part; mv status.part status' sh "$@" \
    </dev/null >/dev/null 2>&1 &
echo $! >pid.part
mv pid.part pid
"""
_IS_RUNNING = f"""{_OURS}\
[ -e "$1/status" ] || ! ours "$(cat "$1/pid")" "$1" || echo running
"""
# A full disk leaves a status without a number.
_REASON = """
cd "$1"
if [ ! -e status ]; then echo 'the job was killed'
elif ! grep -q . status; then echo 'No space left on device'
else tail -c 2000 errors; fi
"""
_END = f"""{_OURS}\
pid=$(cat "$1/pid" 2>/dev/null) && ours "$pid" "$1" && kill -9 "-$pid" 2>/dev/null
rm -rf "$1"
"""
_UNPACK = """
set -e
[ ! -d "$3" ] || exit 0
rm -rf "$3.part"
"$1" -I -S -m zipfile -e "$2" "$3.part"
mv "$3.part" "$3"
"""


class SshDevice(RemoteDevice):
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
        patience: RetryPolicy = DEFAULT_RETRY_POLICY,
    ) -> None:
        self.name = str(address)
        self._options = options
        self._client = SshClient(address, options.ssh_config)
        super().__init__(self._client, patience)

    def __enter__(self) -> SshDevice:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._client)
            try:
                self._found = find_python(self._client, self._options.python)
            except LostConnectionError as error:
                raise EdgebertError(f"{self.name}: {error}") from error
            stack.pop_all()
        self.files = f"{self._found.cache}/files"
        self._jobs = f"{self._found.cache}/jobs"
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def prepare(self, job: BenchmarkJob, progress: Progress) -> None:
        """Makes an environment with the engines, and sends edgebert."""
        running = self.shell(_LOOK_FOR_JOBS, self._jobs).strip()
        if running.isdigit():
            raise EdgebertError(
                f"{self.name}: another benchmark runs there; wait for it, "
                f"or end it there by `kill -9 -{running}`"
            )
        python = self._found.executable
        if self._options.python is None:
            progress(0, None, f"Python environment on {self.name}")
            found, engines = self._found, job.engines
            python = self._retry(lambda: make_environment(self._client, found, engines))
        package = self._unpack_edgebert(self._found, progress)
        self._command = ("env", f"PYTHONPATH={package}", python, "-m", "edgebert.benchmarking")

    def start(self, job: str, number: str) -> str:
        """Starts `python -m edgebert.benchmarking` there."""
        self.shell(_START, self._folder(number), *self._command, job)
        return f"{self._folder(number)}/events"

    def is_running(self, number: str) -> bool:
        """By the process's number, and the folder where it works."""
        return self.shell(_IS_RUNNING, self._folder(number)).strip() == "running"

    def reason(self, number: str) -> str:
        """The last thing it complained of."""
        said = self.shell(_REASON, self._folder(number))
        if "No space left on device" in said:
            return "its disk is full; make room and run again"
        return f"the job ended without a result: {one_line(said)}"

    def end(self, number: str) -> None:
        """Kills the whole session of a job, and removes its folder."""
        self.shell(_END, self._folder(number))

    def _folder(self, number: str) -> str:
        return f"{self._jobs}/{number}"

    def _unpack_edgebert(self, python: RemotePython, progress: Progress) -> str:
        """Sends a wheel, or this very package; gives the folder there to import it from."""
        with tempfile.TemporaryDirectory() as name:
            path = self._options.wheel or pack(Path(name))
            sent = self.keep(path, progress)
            folder = f"{python.cache}/edgebert-{sha256_of(path)[:12]}"
        self.shell(_UNPACK, python.executable, sent, folder)
        return folder
