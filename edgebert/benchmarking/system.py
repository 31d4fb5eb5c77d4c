"""Where facts about a device are read: files below a root, and the output of commands."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

RunCommand: TypeAlias = Callable[[Sequence[str]], str]
"""Gives what a command prints; empty where there is no such command, or it fails."""

_COMMAND_SECONDS = 5


def run_command(command: Sequence[str]) -> str:
    """Runs a command of this machine."""
    program = shutil.which(command[0])
    if program is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_COMMAND_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


@dataclass(frozen=True)
class System:
    """The files and commands of a machine; what it lacks reads as empty or None.

    Attributes:
        root: where /proc, /sys and /etc are.
        command: runs a command.
    """

    root: Path = Path("/")
    command: RunCommand = run_command

    def text(self, path: str | Path) -> str:
        """The stripped text of a file; paths are relative to the root."""
        try:
            return (self.root / path).read_text(errors="replace").strip("\0 \n\t")
        except (OSError, ValueError):
            return ""

    def number(self, path: str | Path) -> int | None:
        """The whole number that a file holds."""
        try:
            return int(self.text(path))
        except ValueError:
            return None

    def find(self, pattern: str) -> list[Path]:
        """Files and folders by a glob pattern, in a fixed order."""
        try:
            return sorted(self.root.glob(pattern))
        except OSError:
            return []
