"""Whether a machine can run edgebert, and what to install where it cannot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from edgebert.extras import EXTRAS, Extra, install
from edgebert.runtime.engines import ENGINES
from edgebert.runtime.machine import Machine, Package, this_machine
from edgebert.support import PYTHONS
from edgebert.version import version_numbers

Status: TypeAlias = Literal["ok", "warn", "missing"]

_LITERT = ENGINES["litert"].package
_TFLITE_RUNTIME = ENGINES["tflite-runtime"].package
_MODULES = {engine.package: engine.module for engine in ENGINES.values()} | {
    "numpy": "numpy",
}
_NEWEST_FOR_TFLITE_RUNTIME = (3, 11)
_LITTLE_MEMORY = 500_000_000
_MB = 1_000_000


@dataclass(frozen=True)
class Diagnosis:
    """One thing looked at.

    Attributes:
        name: what was looked at.
        status: "ok"; "warn": it works badly or not at all; "missing": not installed.
        found: what is there.
        advice: what to do, empty where there is nothing to do.
    """

    name: str
    status: Status
    found: str
    advice: str = ""


def examine(machine: Machine | None = None) -> tuple[Diagnosis, ...]:
    """Examines a machine, by default this one."""
    if machine is None:
        others = (name for extra in EXTRAS for name in extra.modules)
        machine = this_machine(_MODULES, others)
    return (
        _python(machine),
        _system(machine),
        Diagnosis("processor", "ok", f"{machine.cpu.model or 'unknown'}, {machine.cores} cores"),
        _features(machine),
        _litert(machine),
        _tflite_runtime(machine),
        _required(machine, "numpy"),
        _memory(machine),
        *(_extra(machine, extra) for extra in EXTRAS),
    )


def can_run(findings: Iterable[Diagnosis]) -> bool:
    """Whether numpy and at least one engine work."""
    working = {finding.name for finding in findings if finding.status == "ok"}
    return "numpy" in working and not working.isdisjoint((_LITERT, _TFLITE_RUNTIME))


def _python(machine: Machine) -> Diagnosis:
    found = ".".join(map(str, machine.python))
    oldest, newest = PYTHONS
    if oldest <= machine.python[:2] <= newest:
        return Diagnosis("Python", "ok", found)
    return Diagnosis("Python", "warn", found, f"use Python {_dotted(oldest)} to {_dotted(newest)}")


def _system(machine: Machine) -> Diagnosis:
    found = f"{machine.system} {machine.architecture}, {machine.bits}-bit Python"
    if machine.bits == 64:
        return Diagnosis("system", "ok", found)
    return Diagnosis(
        "system",
        "warn",
        found,
        f"{_LITERT} needs a 64-bit system (on a Pi: the 64-bit Raspberry Pi OS); "
        f"here only {_TFLITE_RUNTIME} 2.14 can run, with Python 3.11 or older",
    )


def _features(machine: Machine) -> Diagnosis:
    name, features = "int8 features", machine.cpu.features
    if features is None:
        return Diagnosis(name, "ok", f"not known on {machine.system}")
    found = ", ".join(features) or "none"
    if {"dotprod", "i8mm", "avx2", "avx512_vnni", "avx_vnni", "amx"}.intersection(features):
        return Diagnosis(name, "ok", found)
    return Diagnosis(
        name, "warn", found, "int8 runs, but without the dot products that make it fastest"
    )


def _litert(machine: Machine) -> Diagnosis:
    package = _package(machine, _LITERT)
    if machine.bits != 64 and package.version is None:
        return Diagnosis(_LITERT, "missing", "not installed", "has no wheels for 32-bit systems")
    return _required(machine, _LITERT)


def _tflite_runtime(machine: Machine) -> Diagnosis:
    package = _package(machine, _TFLITE_RUNTIME)
    too_new = machine.python[:2] > _NEWEST_FOR_TFLITE_RUNTIME
    if package.version is None:
        if _works(_package(machine, _LITERT)):
            return Diagnosis(_TFLITE_RUNTIME, "missing", "not installed", "not needed")
        advice = "needs Python 3.11 or older" if too_new else install("tflite-runtime")
        return Diagnosis(_TFLITE_RUNTIME, "missing", "not installed", advice)
    numpy = _package(machine, "numpy").version
    if numpy and version_numbers(numpy) >= (2,):
        return Diagnosis(
            _TFLITE_RUNTIME,
            "warn",
            f"{package.version}, built for numpy 1, beside numpy {numpy}",
            'pip install "numpy<2", or use ai-edge-litert',
        )
    return _required(machine, _TFLITE_RUNTIME)


def _required(machine: Machine, name: str) -> Diagnosis:
    package = _package(machine, name)
    if package.version is None:
        return Diagnosis(name, "missing", "not installed", f"pip install {name}")
    if package.error is not None:
        return Diagnosis(
            name,
            "warn",
            f"{package.version}, does not import: {package.error}",
            f"pip install --force-reinstall {name}",
        )
    return Diagnosis(name, "ok", package.version)


def _memory(machine: Machine) -> Diagnosis:
    if machine.memory is None:
        return Diagnosis("memory", "ok", f"not known on {machine.system}")
    free, total = machine.memory.available, machine.memory.total
    found = f"{free / _MB:,.0f} MB free of {total / _MB:,.0f} MB"
    if free >= _LITTLE_MEMORY:
        return Diagnosis("memory", "ok", found)
    return Diagnosis(
        "memory", "warn", found, "enough to run small models; convert on a larger machine"
    )


def _extra(machine: Machine, extra: Extra) -> Diagnosis:
    missing = [name for name in extra.modules if _package(machine, name).version is None]
    if not missing:
        return Diagnosis(f"[{extra.name}]", "ok", extra.use)
    found = f"{extra.use}: not without {', '.join(missing)}"
    return Diagnosis(f"[{extra.name}]", "missing", found, install(extra.name))


def _package(machine: Machine, name: str) -> Package:
    return machine.packages.get(name, Package(None))


def _works(package: Package) -> bool:
    return package.version is not None and package.error is None


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
