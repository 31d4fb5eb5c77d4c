"""The Python of an ssh device: found there, or a private environment made from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from edgebert.benchmarking.devices.ssh_client import SshClient
from edgebert.errors import EdgebertError
from edgebert.support import LITERT, PYTHONS, TFLITE_RUNTIME, version_text
from edgebert.typed_json import from_json

_OLDEST, _NEWEST = PYTHONS
_CANDIDATES = ("python3", *(f"python3.{n}" for n in range(_NEWEST[1], _OLDEST[1] - 1, -1)))

_PROBE_ALL = """
program=$1; shift
for python in "$@"; do
    command -v "$python" >/dev/null 2>&1 && "$python" -c "$program" 2>/dev/null
done
true
"""
# Made under a name of its own and renamed: after a lost connection pip goes on there, while the
# next try makes its own. What nobody finished is removed on another day.
_MAKE_ENVIRONMENT = """
set -e
folder=$1; python=$2; shift 2
[ -e "$folder/ready" ] && exit
mkdir -p "${folder%/*}"
find "${folder%/*}" -maxdepth 1 -name 'environment-*.part-*' -mtime +0 -exec rm -rf {} +
part="$folder.part-$$"
rm -rf "$part"  # of a process that had this number before a restart
trap 'rm -rf "$part"' EXIT
"$python" -m venv "$part"
"$part/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
touch "$part/ready"
[ -e "$folder/ready" ] && exit
rm -rf "$folder"
mv "$part" "$folder"
"""


@dataclass(frozen=True)
class RemotePython:
    """What `probe.py` tells.

    Attributes:
        version: major, minor, micro.
        bits: 32 or 64.
        venv: it can make environments.
        cache: folder for all that is kept there.
    """

    executable: str
    version: tuple[int, ...]
    machine: str
    bits: int
    venv: bool
    cache: str


def find_python(client: SshClient, chosen: str | None = None) -> RemotePython:
    """The first Python there that edgebert runs on.

    Args:
        client: connection.
        chosen: the only one to look at; None: the usual names.

    Raises:
        EdgebertError: there is none.
    """
    probe = (resources.files("edgebert.benchmarking.devices") / "probe.py").read_text("utf-8")
    replies = client.run(_PROBE_ALL, probe, *((chosen,) if chosen else _CANDIDATES))
    found = [_read(line) for line in replies.splitlines() if line.startswith("{")]
    for python in found:
        if _OLDEST <= python.version[:2] <= _NEWEST:
            return python
    versions = ", ".join(dict.fromkeys(".".join(map(str, p.version)) for p in found))
    raise EdgebertError(
        f"{client.name}: {'found Python ' + versions if found else 'found no Python'} there"
        f"{f' as {chosen}' if chosen else ''}; needed is {version_text(_OLDEST)} to "
        f"{version_text(_NEWEST)}: install one, or name one by --python"
    )


def make_environment(client: SshClient, python: RemotePython, engines: Sequence[str]) -> str:
    """The interpreter of a private environment with numpy and the engines.

    Raises:
        EdgebertError: the Python there cannot, the disk is full, or nothing can be downloaded.
    """
    if not python.venv:
        raise EdgebertError(
            f"{client.name}: its Python cannot make environments; run `sudo apt install "
            "python3-venv` there, or name a Python with numpy and an engine by --python"
        )
    packages = _packages(engines, python.bits)
    recipe = json.dumps([packages, python.executable, python.version, python.machine])
    key = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    folder = f"{python.cache}/environment-{key}"
    try:
        client.run(_MAKE_ENVIRONMENT, folder, python.executable, *packages)
    except EdgebertError as error:
        if "disk is full" in str(error):
            raise
        raise EdgebertError(
            f"{error} (while installing {', '.join(packages)}); bring it online, or name a "
            "Python with numpy and an engine by --python"
        ) from error
    return f"{folder}/bin/python"


def _packages(engines: Sequence[str], bits: int) -> tuple[str, ...]:
    """What pip installs for these engines; ai-edge-litert is not made for 32 bits."""
    litert = bits == 64 and not {"auto", "litert"}.isdisjoint(engines)
    old = "tflite-runtime" in engines or not litert
    return (*(LITERT if litert else ()), *(TFLITE_RUNTIME if old else ()))


def _read(line: str) -> RemotePython:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    return from_json(RemotePython, value, "the Python there")
