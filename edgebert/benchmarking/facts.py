"""What a device is, and the state it is in, from what Linux and the Raspberry Pi's tools tell."""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass
from importlib.metadata import distributions
from typing import Literal

from edgebert.benchmarking.cores import clock_mhz, read_cores, read_governor
from edgebert.benchmarking.reference_kernel import describe
from edgebert.benchmarking.result import Facts
from edgebert.benchmarking.system import System
from edgebert.runtime.engines import ENGINES
from edgebert.runtime.machine import parse_cpuinfo, parse_meminfo

_DMI = "sys/devices/virtual/dmi/id"
_BOARD_FILES = ("proc/device-tree/model", "sys/firmware/devicetree/base/model")
_CPU_ZONE = re.compile(r"cpu|pkg|soc|core", re.IGNORECASE)
_SUPPLIES = "sys/class/power_supply/*"
_BUSY = 0.3  # processes waiting or running, a core


@dataclass(frozen=True)
class State:
    """What changes from one moment to the next."""

    clock_mhz: float | None
    temperature_c: float | None


def read_state(system: System) -> State:
    """The device at this moment."""
    return State(clock_mhz(system), read_temperature(system))


def read_facts(system: System, before: State, after: State, throttled: bool | None) -> Facts:
    """Everything about a device.

    Args:
        system: of the device.
        before: its state before the first run.
        after: its state after the last one.
        throttled: whether it was in between.
    """
    cpuinfo = system.text("proc/cpuinfo")
    cpu = parse_cpuinfo(cpuinfo)
    board = _board(system)
    memory = parse_meminfo(system.text("proc/meminfo"))
    governor, power = read_governor(system), read_power(system)
    cores = read_cores(system)
    return Facts(
        board=board,
        cpu=cpu.model.removeprefix(f"{board}, ") or None,
        features=cpu.features,
        cores=cores,
        governor=governor,
        clock_mhz_before=before.clock_mhz,
        clock_mhz_after=after.clock_mhz,
        temperature_c_before=before.temperature_c,
        temperature_c_after=after.temperature_c,
        throttled=throttled,
        memory_bytes=memory.total if memory else None,
        os=_os(system),
        python=platform.python_version(),
        engines=_engines(),
        reference=describe(),
        power=power,
        notes=tuple(_notes(governor, power, throttled, cpuinfo)),
    )


def busy_note(system: System) -> str | None:
    """A note where other programs keep the device busy; ask before the first run."""
    found = re.match(r"(\d{1,6}\.\d\d) ", system.text("proc/loadavg"))
    cores = len(read_cores(system)) or 1
    if not found or float(found[1]) < _BUSY * cores:
        return None
    return f"other programs kept it busy: load {found[1]} on {cores} cores before the first run"


def read_temperature(system: System) -> float | None:
    """Degrees Celsius of the processor's hottest zone, or of any zone where none is named so."""
    zones = [
        (system.text(zone / "type"), degrees / 1000)
        for zone in system.find("sys/class/thermal/thermal_zone*")
        if (degrees := system.number(zone / "temp")) is not None and 0 < degrees < 150_000
    ]
    of_cpu = [degrees for kind, degrees in zones if _CPU_ZONE.search(kind)]
    return max(of_cpu or [degrees for _, degrees in zones], default=None)


def read_power(system: System) -> Literal["battery", "mains"] | None:
    """What feeds the device; None where it has no battery and does not tell."""
    supplies = system.find(_SUPPLIES)
    kinds = {supply: system.text(supply / "type") for supply in supplies}
    if any(
        kind == "Battery" and system.text(supply / "status") == "Discharging"
        for supply, kind in kinds.items()
    ):
        return "battery"
    if any(
        kind != "Battery" and system.number(supply / "online") == 1
        for supply, kind in kinds.items()
    ):
        return "mains"
    return None


def _board(system: System) -> str | None:
    if board := next((text for path in _BOARD_FILES if (text := system.text(path))), None):
        return board
    names = [system.text(f"{_DMI}/{name}") for name in ("sys_vendor", "product_name")]
    return " ".join(name for name in names if name) or None


def _os(system: System) -> str:
    kernel = system.text("proc/sys/kernel/osrelease")
    if not kernel:
        return platform.platform()
    release = re.search(r'^PRETTY_NAME="?([^"\n]+)', system.text("etc/os-release"), re.M)
    name = f", {release[1]}" if release else ""
    return f"Linux {kernel} {platform.machine()}{name}"


def _engines() -> dict[str, str]:
    packages = [engine.package for engine in ENGINES.values()]
    found = {name: next(iter(distributions(name=name)), None) for name in packages}
    return {name: each.version for name, each in found.items() if each}


def _notes(
    governor: str | None, power: str | None, throttled: bool | None, cpuinfo: str
) -> list[str]:
    notes = {
        f"governor is {governor}, not performance: clocks may be lower than they could be": (
            governor not in (None, "performance")
        ),
        "runs on battery": power == "battery",
        "slowed itself down (too hot, or too little power); such rounds are left out": throttled,
        "a virtual machine: its neighbours take part of it": re.search(
            r"^flags\s*:.*\bhypervisor\b", cpuinfo, re.M
        ),
    }
    return [note for note, holds in notes.items() if holds]
