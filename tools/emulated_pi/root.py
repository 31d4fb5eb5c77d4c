"""Builds what real aarch64 programs need to run here: a Pi's files, wheels and a CPU to show.

No chroot, no binfmt, no debootstrap: packages of Debian's arm64 archive are downloaded with apt
state of their own and unpacked, and qemu's user mode looks there for libraries (`-L`). The mirror
is whatever this machine's apt uses. `docs/emulated_pi.md` tells what it is good for.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

_CORES = 4
_DEBIAN_PACKAGES = ("python3", "libstdc++6", "libgcc-s1")
_MANYLINUX = ("2014", "_2_17", "_2_26", "_2_27", "_2_28", "_2_31", "_2_34", "_2_35")


@dataclass(frozen=True)
class Board:
    """A Raspberry Pi as programs see it.

    Attributes:
        cpu: qemu's name for it. Never `max`: its SME is what LiteRT computes wrongly under
            qemu 7.2.
        features: of /proc/cpuinfo, from which runtimes choose their kernels.
        variant, part, revision: of the CPU's identification register.
    """

    cpu: str
    features: str
    variant: str
    part: str
    revision: int

    @property
    def cpuinfo(self) -> str:
        """What /proc/cpuinfo says; LiteRT crashes where it finds none."""
        return "".join(
            f"processor\t: {core}\nBogoMIPS\t: 108.00\nFeatures\t: {self.features}\n"
            f"CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: {self.variant}\n"
            f"CPU part\t: {self.part}\nCPU revision\t: {self.revision}\n\n"
            for core in range(_CORES)
        )


BOARDS: Mapping[str, Board] = MappingProxyType(
    {
        "pi4": Board("cortex-a72", "fp asimd evtstrm crc32 cpuid", "0x0", "0xd08", 3),
        "pi5": Board(
            "cortex-a76",
            "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm "
            "lrcpc dcpop asimddp",
            "0x4",
            "0xd0b",
            1,
        ),
    }
)
"""pi4 has no int8 dot product, pi5 has it (asimddp)."""


def default_cache() -> Path:
    """`$XDG_CACHE_HOME/edgebert/pi`."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "edgebert" / "pi"


class EmulatedPi:
    """The two boards in a cache folder, built when first asked for.

    Args:
        cache: folder to build in; about 70 MB, and 60 MB for each set of wheels.
    """

    def __init__(self, cache: Path) -> None:
        self.cache = cache.resolve()

    def interpreter(self, board: str) -> Path:
        """A script that runs the board's Python, as `sys.executable` inside it too."""
        script = self.cache / f"{board}-python"
        if not script.exists():
            self._build_board(board, script)
        return script

    def site(self, *packages: str) -> Path:
        """A folder with aarch64 wheels of these packages and of what they need."""
        folder = self.cache / ("site-" + "-".join(packages).replace("/", "_"))
        if not folder.exists():
            _install_wheels(packages, folder, self._python_version())
        return folder

    def run(
        self,
        board: str,
        arguments: Sequence[str | Path],
        *,
        site: Path,
        plugin: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Runs the board's Python, in this folder, and returns what it printed."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.cache),
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(site),
            **({"QEMU_PLUGIN": str(plugin)} if plugin else {}),
        }
        return subprocess.run(
            [self.interpreter(board), *arguments],
            env=environment,
            capture_output=True,
            text=True,
        )

    def _build_board(self, board: str, script: Path) -> None:
        base, root = self._base(), self.cache / board
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(base, root, symlinks=True, copy_function=os.link)
        cpus = root / "sys/devices/system/cpu"
        for folder in (root / "proc", cpus):
            folder.mkdir(parents=True, exist_ok=True)
        (root / "proc/cpuinfo").write_text(BOARDS[board].cpuinfo)
        for name in ("possible", "present", "online"):
            (cpus / name).write_text(f"0-{_CORES - 1}\n")
        python = [
            "qemu-aarch64", "-cpu", BOARDS[board].cpu, "-L", root, "-E", f"PYTHONHOME={root}/usr",
            "-0", script, root / "usr/bin" / f"python{self._python_version()}",
        ]  # fmt: skip
        script.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, python))} "$@"\n')
        script.chmod(0o755)

    def _base(self) -> Path:
        """The files all boards share."""
        base = self.cache / "debian"
        if not base.exists():
            _unpack_debian(base, self.cache / "apt")
        return base

    def _python_version(self) -> str:
        interpreter = next((self._base() / "usr/bin").glob("python3.*[0-9]"))
        return interpreter.name.removeprefix("python")


def _unpack_debian(target: Path, state: Path) -> None:
    """Downloads the arm64 packages and their dependencies, and unpacks them into `target`."""
    for folder in (state / "lists/partial", state / "cache/archives/partial"):
        folder.mkdir(parents=True, exist_ok=True)
    (state / "status").touch()
    listing = _apt_sources()
    sources = state / "sources.list"
    options = [
        "-qq", "-y", "-o", "APT::Architecture=arm64", "-o", "APT::Architectures=arm64",
        "-o", f"Dir::State::Lists={state}/lists", "-o", f"Dir::State::status={state}/status",
        "-o", f"Dir::Cache={state}/cache", "-o", f"Dir::Etc::sourcelist={sources}",
        "-o", "Dir::Etc::sourceparts=-", "-o", "APT::Install-Recommends=0",
        "-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=1",
    ]  # fmt: skip
    sources.write_text("\n".join(listing) + "\n")
    if subprocess.run(["apt-get", *options, "update"]).returncode:
        # Mirrors of the security archive are at times out of step for foreign architectures.
        sources.write_text("\n".join(s for s in listing if "-security " not in s) + "\n")
        subprocess.run(["apt-get", *options, "update"], check=True)
    subprocess.run(
        ["apt-get", *options, "--download-only", "install", *_DEBIAN_PACKAGES], check=True
    )
    part = target.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for package in (state / "cache/archives").glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, part], check=True)
    for folder in ("doc", "man", "locale"):
        shutil.rmtree(part / "usr/share" / folder, ignore_errors=True)
    part.rename(target)


def _apt_sources() -> list[str]:
    """The Debian sources of this machine's apt, one line each."""
    form = (
        "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
        "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    )
    told = subprocess.run(
        ["apt-get", "indextargets", "--format", form, "Identifier: Packages", "Origin: Debian"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return sorted(set(told.splitlines()))


def _install_wheels(packages: Sequence[str], folder: Path, python_version: str) -> None:
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    platforms = [f"--platform=manylinux{tag}_aarch64" for tag in _MANYLINUX]
    command = [
        sys.executable, "-m", "pip", "install", "-q", "--target", part, "--only-binary=:all:",
        "--implementation=cp", f"--python-version={python_version}", *platforms, *packages,
    ]  # fmt: skip
    subprocess.run(command, check=True)
    part.rename(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--board", choices=BOARDS, action="append", help="default: both")
    parser.add_argument("--package", action="append", default=[], help="wheel to install")
    arguments = parser.parse_args()
    pi = EmulatedPi(arguments.cache)
    for board in arguments.board or BOARDS:
        print(pi.interpreter(board))
    if arguments.package:
        print(pi.site(*arguments.package))


if __name__ == "__main__":
    main()
