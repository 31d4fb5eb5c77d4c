"""The system's own ssh client: one connection, shared by all commands, and its errors in words.

Keys, known hosts, jump hosts and the rest of the user's configuration hold; nothing is ever
asked, and no password is ever passed.
"""

from __future__ import annotations

import contextlib
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO

from edgebert.benchmark.devices.address import SshAddress
from edgebert.benchmark.devices.events import one_line
from edgebert.benchmark.devices.retry import LostConnectionError
from edgebert.errors import EdgebertError

_FAILED = 255
"""Exit status of ssh itself, not of the command there."""

_OPTIONS = (
    "BatchMode=yes",
    "ConnectTimeout=15",
    "ServerAliveInterval=10",
    "ServerAliveCountMax=3",
    "ControlMaster=auto",
    "ControlPersist=30",
    "LogLevel=ERROR",
    "ForwardAgent=no",
    "ForwardX11=no",
)

# What ssh says, and what it means for a benchmark.
_REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "IDENTIFICATION HAS CHANGED": (
            "its host key is not the one this machine knows; if the device was set up anew, "
            "run `ssh-keygen -R {known_as}` and connect once by hand"
        ),
        "Host key verification failed": (
            "its host key is unknown here; connect once by hand (`{by_hand}`) and accept it"
        ),
        "host key is known": (
            "its host key is unknown here; connect once by hand (`{by_hand}`) and accept it"
        ),
        "Permission denied": "it does not accept this machine's keys; set one up: `{copy_key}`",
        "Too many authentication failures": (
            "it does not accept this machine's keys; set one up: `{copy_key}`"
        ),
        "Could not resolve hostname": "no host has that name",
        "Bad configuration option": "ssh's configuration file has an error: {said}",
        "no such identity": "the key file of ssh's configuration is missing: {said}",
        "UNPROTECTED PRIVATE KEY FILE": "others can read the key file: chmod 600 it",
    }
)
_UNREACHABLE: Mapping[str, str] = MappingProxyType(
    {
        "Connection refused": "nothing answers at that port; is its ssh server running?",
        "timed out": "no answer; is it switched on and in this network?",
        "No route to host": "no way leads there; is it switched on and in this network?",
        "Network is unreachable": "no way leads there; is this machine online?",
    }
)


@dataclass(frozen=True)
class Pipes:
    """A command under way; `wait` gives its exit status."""

    stdin: IO[bytes]
    stdout: IO[bytes]
    stderr: IO[bytes]
    wait: Callable[[], int]


class SshClient:
    """Runs commands on one machine; a context manager that ends the shared connection.

    Attributes:
        name: the address, for messages.

    Args:
        address: of the machine.
        config: file for `ssh -F`; None: the user's own.

    Raises:
        EdgebertError: there is no ssh client here.
    """

    def __init__(self, address: SshAddress, config: Path | None = None) -> None:
        if shutil.which("ssh") is None:
            raise EdgebertError(f"{address}: the program `ssh` is not installed here")
        self.name = str(address)
        self._address = address
        # Not under TMPDIR: the path of a socket has at most 107 characters.
        self._folder = tempfile.TemporaryDirectory(prefix="edgebert-", dir="/tmp")
        self._target = (f"{address.user}@" if address.user else "") + address.host
        self._options = [
            *(["-F", str(config)] if config else []),
            *(part for option in _OPTIONS for part in ("-o", option)),
            *("-o", f"ControlPath={self._folder.name}/ssh"),
            *(["-p", str(address.port)] if address.port else []),
        ]

    def __enter__(self) -> SshClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.disconnect()
        self._folder.cleanup()

    def disconnect(self) -> None:
        """Ends the shared connection; the next command makes a new one."""
        subprocess.run(  # noqa: S603
            ["ssh", *self._options, "-O", "exit", "--", self._target],  # noqa: S607
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )

    def run(self, command: Sequence[str], *, shell: str | None = None) -> str:
        """What a command printed.

        Args:
            command: program and arguments; with `shell`, its `$1`, `$2` and so on.
            shell: lines for `sh`, run in place of a program.

        Raises:
            LostConnectionError: see there.
            EdgebertError: ssh refuses, or the command fails.
        """
        words = command if shell is None else ["sh", "-c", shell, "sh", *command]
        with self.start(words) as process:
            process.stdin.close()
            output, errors = process.stdout.read(), process.stderr.read()
            status = process.wait()
        self.check(status, errors)
        return output.decode(errors="replace")

    @contextlib.contextmanager
    def start(self, command: Sequence[str]) -> Iterator[Pipes]:
        """A command under way, with pipes to it; it is killed where the block is left early."""
        process = subprocess.Popen(  # noqa: S603
            ["ssh", *self._options, "--", self._target, f"LC_ALL=C {shlex.join(command)}"],  # noqa: S607
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin and process.stdout and process.stderr  # noqa: S101, PT018
        try:
            yield Pipes(process.stdin, process.stdout, process.stderr, process.wait)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def check(self, status: int, errors: bytes) -> None:
        """Raises where a command did not end well; see `run`."""
        said = errors.decode(errors="replace")
        if status in (_FAILED, -9, -15):  # the client itself, failed or killed
            raise self._connection_error(said)
        if status and ("No space left on device" in said or "quota exceeded" in said):
            raise EdgebertError(f"{self.name}: its disk is full; make room and run again")
        if status:
            raise EdgebertError(f"{self.name}: {one_line(said)}")

    def _connection_error(self, said: str) -> Exception:
        port = f"-p {self._address.port} " if self._address.port else ""
        host = self._address.host
        words = {
            "by_hand": f"ssh {port}{self._target}",
            "copy_key": f"ssh-copy-id {port}{self._target}",
            "known_as": f"'[{host}]:{self._address.port}'" if self._address.port else host,
            "said": one_line(said),
        }
        for sign, meaning in _REFUSALS.items():
            if sign in said:
                return EdgebertError(f"{self.name}: {meaning.format(**words)}")
        for sign, meaning in _UNREACHABLE.items():
            if sign in said:
                return LostConnectionError(meaning)
        return LostConnectionError(one_line(said) if said.strip() else "the connection broke off")
