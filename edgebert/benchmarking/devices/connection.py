"""The connection to a remote device: the few things it must be able to do, and trying again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from edgebert.errors import EdgebertError
from edgebert.retry_policy import DEFAULT_RETRY_POLICY, RetryPolicy

Result = TypeVar("Result")


class LostConnectionError(Exception):
    """The connection broke off, or could not be made; another try may succeed."""


class Connection(Protocol):
    """Runs shell scripts on a device and moves files.

    Every method raises `LostConnectionError` where another try may succeed, and `EdgebertError`,
    in one line that begins with `name`, where it may not.

    Attributes:
        name: address of the device, for messages.
    """

    name: str

    def run(self, script: str, *arguments: str) -> str:
        """What a script for `sh` printed there; the arguments are its `$1`, `$2` and so on."""

    def push(self, path: Path, to: str, on_bytes: Callable[[int], None]) -> None:
        """Sends a file; may go on behind what is there already.

        `on_bytes` is told how many bytes are there.
        """

    def read(self, path: str, offset: int) -> bytes:
        """The content of a file there from `offset` on; nothing where there is no such file."""


def nothing_done() -> int:
    """For steps that cannot be done in part."""
    return 0


@dataclass(frozen=True)
class Retries:
    """Repeats what a lost connection interrupted.

    Attributes:
        connection: that may be lost.
        patience: `retries` tries in a row may bring nothing, with a longer `pause` each time.
    """

    connection: Connection
    patience: RetryPolicy = DEFAULT_RETRY_POLICY

    def __call__(
        self, step: Callable[[], Result], done: Callable[[], int] = nothing_done
    ) -> Result:
        """The result of a step.

        Args:
            step: to do.
            done: how far the step is; a try that brought it further does not count as a failure.

        Raises:
            EdgebertError: the connection is lost for good.
        """
        failures, before = 0, done()
        while True:
            try:
                return step()
            except LostConnectionError as error:
                reason = error
            failures = 0 if done() > before else failures + 1
            before = done()
            if failures > self.patience.retries:
                raise EdgebertError(
                    f"{self.connection.name}: lost the connection for good ({reason}); "
                    "nothing is kept of this run; run again"
                ) from reason
            time.sleep(self.patience.pause * 2 ** max(failures - 1, 0))
