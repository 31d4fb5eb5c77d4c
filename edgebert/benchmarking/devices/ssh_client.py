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
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO, cast

from edgebert.benchmarking.devices.address import SshAddress
from edgebert.benchmarking.devices.connection import LostConnectionError
from edgebert.benchmarking.devices.events import one_line
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
# Bytes of a file that is there in part; one with more than the whole has is damaged.
_SIZE = """
size=$(stat -Lc %s "$1" 2>/dev/null || echo 0)
[ "$size" -le "$2" ] || { rm -f "$1"; size=0; }
echo "$size"
"""
_READ = '[ ! -e "$1" ] || tail -c "+$2" "$1"'
_CHUNK = 1 << 18


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
        self.close()

    def close(self) -> None:
        """Ends the shared connection."""
        subprocess.run(  # noqa: S603
            ["ssh", *self._options, "-O", "exit", "--", self._target],  # noqa: S607
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        self._folder.cleanup()

    def run(self, script: str, *arguments: str) -> str:
        """What a script for `sh` printed; see `Connection`."""
        return self._run(script, arguments).decode(errors="replace")

    def read(self, path: str, offset: int) -> bytes:
        """A file there from `offset` on; see `Connection`."""
        return self._run(_READ, (path, str(offset + 1)))

    def push(self, path: Path, to: str, on_bytes: Callable[[int], None]) -> None:
        """Sends a file, behind what an earlier try has sent of it; see `Connection`."""
        offset = int(self.run(_SIZE, to, str(path.stat().st_size)))

        def write(stdin: IO[bytes]) -> None:
            with path.open("rb") as file:
                file.seek(offset)
                while chunk := file.read(_CHUNK):
                    stdin.write(chunk)
                    on_bytes(file.tell())

        self._run('cat >>"$1"', (to,), write)

    def _run(
        self,
        script: str,
        arguments: tuple[str, ...],
        write: Callable[[IO[bytes]], None] = lambda stdin: None,
    ) -> bytes:
        command = f"LC_ALL=C {shlex.join(['sh', '-c', script, 'sh', *arguments])}"
        process = subprocess.Popen(  # noqa: S603
            ["ssh", *self._options, "--", self._target, command],  # noqa: S607
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            with contextlib.suppress(BrokenPipeError):  # the exit status tells why
                write(cast("IO[bytes]", process.stdin))
            output, errors = process.communicate()
        except BaseException:
            process.kill()
            process.communicate()
            raise
        self._check(process.returncode, errors.decode(errors="replace"))
        return output

    def _check(self, status: int, said: str) -> None:
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
