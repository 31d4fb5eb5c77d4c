"""Files on an ssh device: sent once, checked by content, continued after a lost connection."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from edgebert.benchmark.devices.package import pack, place
from edgebert.benchmark.devices.retry import patiently
from edgebert.benchmark.devices.ssh_client import SshClient
from edgebert.benchmark.devices.ssh_python import BARE, RemotePython, program
from edgebert.checkpoints.download import Patience
from edgebert.checkpoints.progress import Progress
from edgebert.errors import EdgebertError
from edgebert.files import sha256_of

_CHUNK = 1 << 18
_UNPACK = """
set -e
[ -d "$3" ] && exit
rm -rf "$3.part"
"$1" -I -S -m zipfile -e "$2" "$3.part"
mv "$3.part" "$3"
"""


class SshFiles:
    """Sends files to one device.

    Args:
        client: connection.
        python: of the device.
        patience: with lost connections.
        progress: told the bytes of each file.
    """

    def __init__(
        self, client: SshClient, python: RemotePython, patience: Patience, progress: Progress
    ) -> None:
        self._client = client
        self._python = python
        self._patience = patience
        self._progress = progress

    def keep(self, path: Path) -> str:
        """Sends a file, unless its content is there already; gives its path there.

        Raises:
            EdgebertError: it cannot be read, or cannot be sent.
        """
        digest = sha256_of(path)
        return self._send(path, place(f"{self._python.cache}/files", path, digest), digest)

    def send(self, content: bytes, to: str) -> None:
        """Writes a small file."""
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / Path(to).name
            path.write_bytes(content)
            self._send(path, to, sha256_of(path))

    def unpack_edgebert(self, wheel: Path | None) -> str:
        """Sends a wheel, or this very package; gives the folder there to import it from."""
        with tempfile.TemporaryDirectory() as name:
            path = wheel or pack(Path(name))
            sent = self.keep(path)
            folder = f"{self._python.cache}/edgebert-{sha256_of(path)[:12]}"
        arguments = [self._python.executable, sent, folder]
        patiently(
            lambda: self._client.run(arguments, shell=_UNPACK), self._client.name, self._patience
        )
        return folder

    def _send(self, path: Path, to: str, digest: str) -> str:
        receiver = [self._python.executable, *BARE, "-c", program("receive")]
        size = path.stat().st_size
        sent = 0

        def report(done: int) -> None:
            nonlocal sent
            sent = done
            self._progress(done, size, f"{path.name} to {self._client.name}")

        def send() -> bool:
            receive = [*receiver, to, str(size), digest]
            with self._client.start(receive) as process, path.open("rb") as file:
                offset = process.stdout.readline().strip()
                if offset.isdigit():
                    file.seek(int(offset))
                    _copy(file, process.stdin, report)
                verdict, errors = process.stdout.read(), process.stderr.read()
                status = process.wait()
            self._client.check(status, errors)
            return verdict.strip() == b"ok"

        # The second time is for what an earlier run left damaged.
        for _ in range(2):
            if patiently(send, self._client.name, self._patience, lambda: sent):
                return to
        raise EdgebertError(f"{self._client.name}: {path.name} arrives damaged there; run again")


def _copy(file: IO[bytes], to: IO[bytes], report: Callable[[int], None]) -> None:
    """Until the end, or until nobody reads any more: then the exit status tells why."""
    with contextlib.suppress(BrokenPipeError):
        while chunk := file.read(_CHUNK):
            to.write(chunk)
            report(file.tell())
        to.close()
