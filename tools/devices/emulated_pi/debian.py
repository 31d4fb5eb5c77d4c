"""Files of a foreign Debian architecture: downloaded by this machine's apt, and unpacked.

No chroot, no binfmt, no debootstrap: apt gets lists and state of its own, and the mirror is
whatever this machine uses.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

_SOURCE = (
    "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
    "$(REPO_URI) $(RELEASE) $(COMPONENT)"
)


@functools.cache
def releases() -> tuple[str, ...]:
    """The Debian releases that this machine's apt knows, e.g. `bookworm`."""
    return tuple(_index_targets("$(RELEASE)"))


def unpack(packages: Sequence[str], architecture: str, target: Path, state: Path) -> None:
    """Downloads the packages and what they depend on, and unpacks them into `target`.

    apt keeps its lists and archives in the folder `state`.
    """
    for folder in (state / "lists/partial", state / "cache/archives/partial"):
        folder.mkdir(parents=True, exist_ok=True)
    (state / "status").touch()
    sources = state / "sources.list"
    apt = [
        "apt-get", "-qq", "-y", "-o", f"APT::Architecture={architecture}",
        "-o", f"APT::Architectures={architecture}",
        "-o", f"Dir::State::Lists={state}/lists", "-o", f"Dir::State::status={state}/status",
        "-o", f"Dir::Cache={state}/cache", "-o", f"Dir::Etc::sourcelist={sources}",
        "-o", "Dir::Etc::sourceparts=-", "-o", "APT::Install-Recommends=0",
        "-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=1",
    ]  # fmt: skip
    download = [*apt, "--download-only", "install", *packages]
    listing = _index_targets(_SOURCE)
    sources.write_text("\n".join(listing) + "\n")
    if not all(_succeeds(command) for command in ([*apt, "update"], download)):
        # Mirrors of the security archive are at times out of step for foreign architectures.
        sources.write_text("\n".join(s for s in listing if "-security " not in s) + "\n")
        subprocess.run([*apt, "update"], check=True)
        subprocess.run(download, check=True)
    part = target.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for package in (state / "cache/archives").glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, part], check=True)
    for folder in ("doc", "man", "locale"):
        shutil.rmtree(part / "usr/share" / folder, ignore_errors=True)
    _choose_alternatives(part)
    part.rename(target)


def _choose_alternatives(root: Path) -> None:
    """Links BLAS and LAPACK to where programs look, as their maintainer scripts would."""
    for kind in ("blas", "lapack"):
        for library in root.glob(f"usr/lib/*/{kind}/*.so.3"):
            (library.parents[1] / library.name).symlink_to(f"{kind}/{library.name}")


def _index_targets(form: str) -> list[str]:
    """What this machine's apt tells of its Debian sources, one line each."""
    told = subprocess.run(
        ["apt-get", "indextargets", "--format", form, "Identifier: Packages", "Origin: Debian"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return sorted(set(told.splitlines()))


def _succeeds(command: Sequence[str]) -> bool:
    return subprocess.run(command).returncode == 0
