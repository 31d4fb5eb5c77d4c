"""The system's own adb client: finds one phone, runs commands on it, and its errors in words."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from edgebert.benchmarking.devices.connection import LostConnectionError
from edgebert.benchmarking.devices.events import one_line
from edgebert.errors import EdgebertError

# What `adb devices` says of a phone that cannot be used.
_STATES: Mapping[str, str] = MappingProxyType(
    {
        "unauthorized": "does not trust this machine yet; unlock it and allow USB debugging",
        "authorizing": "is asking whether to trust this machine; unlock it and allow it",
        "offline": "is offline; plug it in again, or run `adb reconnect`",
        "no permissions": "may not be used by this user; udev rules for it are missing",
        "recovery": "is in recovery mode; start it normally",
        "sideload": "is in sideload mode; start it normally",
        "bootloader": "is in its bootloader; start it normally",
        "host": "is not a phone",
    }
)
_LOST = (
    "device offline",
    "no devices/emulators found",
    "connection reset",
    "protocol fault",
    "error: closed",
    "cannot connect to daemon",
)
# The phone says it after each command. A client that is cut off may end well and say nothing.
_ENDED = "edgebert: ended with "
_SECONDS = 60
_SECONDS_TO_PUSH = 1800


class AdbClient:
    """Runs commands on one phone.

    Attributes:
        name: its address, for messages.

    Args:
        serial: of the phone; None: `find` takes the only one.

    Raises:
        EdgebertError: there is no adb here.
    """

    def __init__(self, serial: str | None = None) -> None:
        self._serial = serial
        self.name = f"adb:{serial}" if serial else "adb"
        if shutil.which("adb") is None:
            raise EdgebertError(
                f"{self.name}: the program `adb` is not installed here (Android platform tools)"
            )

    def find(self) -> None:
        """Settles on a phone.

        Raises:
            EdgebertError: none is there, several are, or the one cannot be used.
        """
        states = self._states()
        if self._serial is None:
            if not states:
                raise EdgebertError(
                    "adb: no phone; plug one in with USB debugging on, or `adb connect` to it"
                )
            if len(states) > 1:
                raise EdgebertError(
                    f"adb: several phones; name one: {', '.join(f'adb:{s}' for s in states)}"
                )
            self._serial = next(iter(states))
            self.name = f"adb:{self._serial}"
        if self._serial not in states:
            known = ", ".join(states) or "none"
            raise EdgebertError(f"{self.name}: no such phone; adb knows {known}")
        state = states[self._serial]
        if state != "device":
            raise EdgebertError(f"{self.name}: {_STATES.get(state, f'is not ready ({state})')}")

    def run(self, script: str, *arguments: str) -> str:
        """What a script printed; of one that failed, its errors too; see `Connection`."""
        command = shlex.join(["sh", "-c", script, "sh", *arguments])
        ran = self._run(["shell", f"{command}; echo '{_ENDED}'$?"])
        said = ran.stderr.decode(errors="replace")
        output, ended, status = ran.stdout.decode(errors="replace").rpartition(_ENDED)
        if not ended:
            raise _lost(said)
        return output if status.strip() == "0" else output + said

    def read(self, path: str, offset: int) -> bytes:
        """A file there from `offset` on; see `Connection`."""
        script = f"tail -c +{offset + 1} {shlex.quote(path)} 2>/dev/null || true"
        ran = self._run(["exec-out", script])
        if ran.returncode:  # the client's own
            raise _lost(ran.stderr.decode(errors="replace"))
        return ran.stdout  # on stderr the client itself may talk

    def push(self, path: Path, to: str, on_bytes: Callable[[int], None]) -> None:
        """Sends a file, always the whole of it; see `Connection`."""
        ran = self._run(["push", str(path), to], seconds=_SECONDS_TO_PUSH)
        said = (ran.stdout + ran.stderr).decode(errors="replace")
        if "No space left on device" in said:
            raise EdgebertError(f"{self.name}: its storage is full; make room and run again")
        if ran.returncode:
            raise EdgebertError(f"{self.name}: cannot send {path.name}: {one_line(said)}")
        on_bytes(path.stat().st_size)

    def _states(self) -> dict[str, str]:
        """State of each phone by serial."""
        ran = subprocess.run(
            ["adb", "devices"],  # noqa: S607
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if ran.returncode:
            raise EdgebertError(f"adb: {one_line(ran.stderr)}")
        rows = re.findall(r"^(\S+)\t(no permissions|\S+)", ran.stdout, re.MULTILINE)
        return dict(rows)

    def _run(
        self, arguments: list[str], *, seconds: float = _SECONDS
    ) -> subprocess.CompletedProcess[bytes]:
        """Runs the client; its own errors are told apart."""
        serial = ["-s", self._serial] if self._serial else []
        try:
            ran = subprocess.run(  # noqa: S603
                ["adb", *serial, *arguments],  # noqa: S607
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise LostConnectionError(f"no answer within {seconds:.0f} s") from error
        said = ran.stderr.decode(errors="replace")
        if ran.returncode and any(sign in said for sign in _LOST):
            raise LostConnectionError(one_line(said))
        if ran.returncode and re.search(r"device '.*' not found", said):
            raise LostConnectionError("it was unplugged")
        if "unauthorized" in said and ran.returncode:
            raise EdgebertError(f"{self.name}: {_STATES['unauthorized']}")
        return ran


def _lost(said: str) -> LostConnectionError:
    return LostConnectionError(one_line(said) if said.strip() else "the connection broke off")
