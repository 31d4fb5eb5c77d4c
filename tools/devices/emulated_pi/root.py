"""Builds what real ARM programs need to run here: a Pi's files, wheels and a CPU to show.

qemu's user mode looks for libraries and for /proc/cpuinfo in the folder built here (`-L`).
`docs/emulated_pi.md` tells what it is good for.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.devices.emulated_pi import debian
from tools.devices.emulated_pi.boards import ARM64, BOARDS, CORES, PLATFORMS, Architecture


def default_cache() -> Path:
    """`$XDG_CACHE_HOME/edgebert/pi`."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "edgebert" / "pi"


class EmulatedPi:
    """The boards in a cache folder, built when first asked for.

    Everything lies in a folder named after what it is made of (packages, Debian releases), so
    that a change of these builds anew.

    Args:
        cache: folder to build in; about 70 MB an architecture, and 60 MB a set of wheels.
    """

    def __init__(self, cache: Path) -> None:
        self.cache = cache.resolve()

    def home(self, architecture: Architecture = ARM64) -> Path:
        """The folder of all that belongs to an architecture."""
        recipe = "\n".join((*architecture.packages, *debian.releases()))
        return self.cache / f"{architecture.name}-{digest(recipe.encode())}"

    def interpreter(self, board: str) -> Path:
        """A script that runs the board's Python, as `sys.executable` inside it too."""
        script = self.home(BOARDS[board].architecture) / f"{board}-python"
        if not script.exists():
            self._build_board(board, script)
        return script

    def site(self, *packages: str) -> Path:
        """A folder with aarch64 wheels of these packages and of what they need, installed."""
        folder = self.home() / ("site-" + "-".join(packages).replace("/", "_"))
        if not folder.exists():
            self._pip(("install", "--target"), folder, packages)
        return folder

    def wheels(self, folder: Path, *packages: str) -> None:
        """Downloads aarch64 wheels of these packages and of what they need."""
        self._pip(("download", "--dest"), folder, packages)

    def command(self, board: str, arguments: Sequence[str | Path]) -> list[str]:
        """What to execute to run the board's Python."""
        return [str(self.interpreter(board)), *map(str, arguments)]

    def run(
        self,
        board: str,
        arguments: Sequence[str | Path],
        *,
        sites: Sequence[Path] = (),
        plugin: Path | None = None,
        folder: Path | None = None,
        online: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Runs the board's Python and returns what it printed.

        Args:
            board: its name.
            arguments: of Python.
            sites: folders with packages, the first one first.
            plugin: of qemu.
            folder: to run in; None: this one.
            online: pass on all of this machine's environment, so that what is said there about
                package indexes, proxies and certificates holds inside too.
        """
        environment = {
            **(os.environ if online else {"PATH": os.environ["PATH"]}),
            "HOME": str(self.cache),
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": os.pathsep.join(map(str, sites)),
            **({"QEMU_PLUGIN": str(plugin)} if plugin else {}),
        }
        return subprocess.run(
            self.command(board, arguments),
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
        )

    def pip_install(self, board: str, target: Path, *arguments: str | Path) -> None:
        """Installs into `target` with pip, running inside the emulation.

        Raises:
            RuntimeError: pip failed; with what it printed.
        """
        installed = self.run(
            board,
            ["-m", "pip", "install", "-q", "--root-user-action=ignore", "--only-binary=:all:",
             "--target", target, *arguments],
            sites=[self.site("pip")],
            online=True,
        )  # fmt: skip
        if installed.returncode:
            raise RuntimeError(f"pip on {board}: {installed.stderr}")

    def _pip(self, verb: tuple[str, str], folder: Path, packages: Sequence[str]) -> None:
        """Runs this machine's pip for aarch64; the folder comes to be whole or not at all."""
        part = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        command = [
            sys.executable, "-m", "pip", verb[0], "-q", verb[1], part, "--only-binary=:all:",
            "--implementation=cp", f"--python-version={self._python_version(ARM64)}",
            *(f"--platform={platform}" for platform in PLATFORMS), *packages,
        ]  # fmt: skip
        subprocess.run(command, check=True)
        part.rename(folder)

    def _build_board(self, name: str, script: Path) -> None:
        board = BOARDS[name]
        root = script.parent / name
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(self._base(board.architecture), root, symlinks=True, copy_function=os.link)
        cpus = root / "sys/devices/system/cpu"
        for folder in (root / "proc", cpus):
            folder.mkdir(parents=True, exist_ok=True)
        (root / "proc/cpuinfo").write_text(board.cpuinfo)
        for file in ("possible", "present", "online"):
            (cpus / file).write_text(f"0-{CORES - 1}\n")
        # pip reads the 32-bit ABI from sys.executable, which must then be no script.
        known_as = ["-0", script] if board.architecture is ARM64 else []
        python = [
            board.architecture.qemu, "-cpu", board.cpu, "-L", root,
            "-E", f"PYTHONHOME={root}/usr", *known_as,
            root / "usr/bin" / f"python{self._python_version(board.architecture)}",
        ]  # fmt: skip
        script.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, python))} "$@"\n')
        script.chmod(0o755)

    def _base(self, architecture: Architecture) -> Path:
        """The files all boards of an architecture share."""
        home = self.home(architecture)
        base = home / "debian"
        if not base.exists():
            debian.unpack(architecture.packages, architecture.name, base, home / "apt")
        return base

    def _python_version(self, architecture: Architecture) -> str:
        interpreter = next((self._base(architecture) / "usr/bin").glob("python3.*[0-9]"))
        return interpreter.name.removeprefix("python")


def digest(data: bytes) -> str:
    """A short name for a content."""
    return hashlib.sha256(data).hexdigest()[:12]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--board", choices=BOARDS, action="append", help="default: all")
    parser.add_argument("--package", action="append", default=[], help="wheel to install")
    arguments = parser.parse_args()
    pi = EmulatedPi(arguments.cache)
    for board in arguments.board or BOARDS:
        print(pi.interpreter(board))
    if arguments.package:
        print(pi.site(*arguments.package))


if __name__ == "__main__":
    main()
