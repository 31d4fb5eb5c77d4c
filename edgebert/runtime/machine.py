"""What this machine is: Python, processor, memory, and which packages import.

Every package is imported in a process of its own, so that one that crashes takes nothing along.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
import signal
import struct
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

FEATURES: Mapping[str, str] = MappingProxyType(
    {
        "dotprod": "asimddp",
        "i8mm": "i8mm",
        "fp16": "asimdhp",
        "avx2": "avx2",
        "avx512_vnni": "avx512_vnni",
        "avx_vnni": "avx_vnni",
        "amx": "amx_int8",
    }
)
"""Processor features that decide the speed of a model, by the flag Linux shows for each."""

# ARM's own cores by the "CPU part" of /proc/cpuinfo, which has no name for them.
_ARM_CORES: Mapping[str, str] = MappingProxyType(
    {
        "0xc07": "Cortex-A7",
        "0xd03": "Cortex-A53",
        "0xd04": "Cortex-A35",
        "0xd05": "Cortex-A55",
        "0xd08": "Cortex-A72",
        "0xd09": "Cortex-A73",
        "0xd0a": "Cortex-A75",
        "0xd0b": "Cortex-A76",
        "0xd0c": "Neoverse-N1",
        "0xd40": "Neoverse-V1",
        "0xd41": "Cortex-A78",
        "0xd46": "Cortex-A510",
        "0xd47": "Cortex-A710",
        "0xd49": "Neoverse-N2",
        "0xd4f": "Neoverse-V2",
    }
)

_IMPORT_SECONDS = 120
_IMPORT_PROGRAM = """
import importlib, json, sys
sys.path = [entry for entry in sys.path if entry]
try:
    importlib.import_module(sys.argv[1])
    error = None
except BaseException as caught:
    error = f"{type(caught).__name__}: {caught}".splitlines()[0]
print("\\n" + json.dumps(error))
"""


@dataclass(frozen=True)
class Cpu:
    """The processor.

    Attributes:
        model: its name, with the board's where known; empty if nothing is.
        features: the keys of `FEATURES` it has; None where the system does not tell.
    """

    model: str = ""
    features: tuple[str, ...] | None = None


@dataclass(frozen=True)
class SystemMemory:
    """Main memory in bytes; `available` is what a new program can get without swapping."""

    total: int
    available: int


@dataclass(frozen=True)
class Package:
    """One installed package, or one that is not (`version` None).

    Attributes:
        error: why it does not import; None if it does, or is not installed.
    """

    version: str | None
    error: str | None = None


@dataclass(frozen=True)
class Machine:
    """All that decides whether and how well edgebert runs here.

    Attributes:
        python: major, minor, micro.
        system: e.g. "Linux".
        architecture: of the kernel, e.g. "aarch64".
        bits: 32 or 64, of this Python.
        packages: by name.
    """

    python: tuple[int, int, int]
    system: str
    architecture: str
    bits: int
    cores: int
    cpu: Cpu = Cpu()
    memory: SystemMemory | None = None
    packages: Mapping[str, Package] = field(default_factory=dict)


def this_machine(modules: Mapping[str, str], others: Iterable[str] = ()) -> Machine:
    """Looks at this machine.

    Args:
        modules: the module to import by the name of its package.
        others: packages that are looked up and not imported.
    """
    return Machine(
        python=sys.version_info[:3],
        system=platform.system(),
        architecture=platform.machine(),
        bits=8 * struct.calcsize("P"),
        cores=os.cpu_count() or 1,
        cpu=parse_cpuinfo(_read("/proc/cpuinfo")),
        memory=parse_meminfo(_read("/proc/meminfo")),
        packages={name: Package(_version(name)) for name in others}
        | {name: try_package(name, module) for name, module in modules.items()},
    )


def parse_cpuinfo(text: str) -> Cpu:
    """Reads Linux's `/proc/cpuinfo`; an empty text gives an unknown processor."""
    rows = [line.partition(":") for line in text.splitlines()]
    fields = [(key.strip(), value.strip()) for key, _, value in rows if value.strip()]
    flags = [value.split() for key, value in fields if key in ("flags", "Features")]
    cores = [
        _ARM_CORES[value] for key, value in fields if key == "CPU part" and value in _ARM_CORES
    ]
    named = next((value for key, value in fields if key == "model name"), "")
    board = next((value for key, value in fields if key == "Model"), "")
    processor = " + ".join(dict.fromkeys(cores)) or named
    return Cpu(
        model=", ".join(part for part in (board, processor) if part),
        # On a processor with several kinds of cores a model may be run by any of them.
        features=tuple(n for n, flag in FEATURES.items() if all(flag in core for core in flags))
        if flags
        else None,
    )


def parse_meminfo(text: str) -> SystemMemory | None:
    """Reads Linux's `/proc/meminfo`; None if it lacks what is needed."""
    sizes = dict(re.findall(r"^(\w+):\s*(\d{1,15}) kB$", text, re.MULTILINE))
    if not {"MemTotal", "MemAvailable"} <= sizes.keys():
        return None
    return SystemMemory(1024 * int(sizes["MemTotal"]), 1024 * int(sizes["MemAvailable"]))


def try_package(name: str, module: str) -> Package:
    """Imports `module` of the package in a child process."""
    version = _version(name)
    if version is None:
        return Package(None)
    try:
        child = subprocess.run(  # noqa: S603
            [sys.executable, "-c", _IMPORT_PROGRAM, module],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_IMPORT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Package(version, f"not imported within {_IMPORT_SECONDS} s")
    if child.returncode < 0:
        return Package(version, f"crashes ({signal.Signals(-child.returncode).name})")
    if child.returncode > 0 or not child.stdout.strip():
        return Package(version, f"ends Python with status {child.returncode}")
    return Package(version, json.loads(child.stdout.splitlines()[-1]))


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""
