"""Energy that a device takes, where it can tell."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from edgebert.benchmarking.system import System

_RAPL = "sys/class/powercap/intel-rapl:*"
_PACKAGE = "package-"  # other zones are part of one (core, dram), or hold it (psys)
_RAIL = re.compile(r"^\s*(\w+)_([AV]) (?:current|volt)\(\d+\)=([\d.]{1,15})[AV]\s*$", re.M)
_SECONDS_BETWEEN_SAMPLES = 0.05


class Meter(Protocol):
    """Counts joules between `start` and `stop`."""

    @property
    def source(self) -> str:
        """What is counted, and by what."""

    def start(self) -> None:
        """Begins to count."""

    def stop(self) -> float | None:
        """Joules since `start`; None where the device stopped telling."""


def find_meter(system: System) -> Meter | None:
    """The best way this device has to tell its energy; None if it has none."""
    zones = tuple(
        zone
        for zone in system.find(_RAPL)
        if system.text(zone / "name").startswith(_PACKAGE)
        and system.number(zone / "energy_uj") is not None
    )
    if zones:
        return Counter("processor packages, by RAPL", system, zones)
    gauges: dict[str, Callable[[], float | None]] = {
        "whole board but for USB, by the Pi 5's PMIC": lambda: pmic_watts(system),
        "whole device, by its battery": lambda: battery_watts(system),
    }
    for source, watts in gauges.items():
        if watts() is not None:
            return Gauge(source, watts)
    return None


@dataclass
class Counter:
    """Adds up what counters of microjoules advance by.

    Args:
        zones: folders of the power-capping framework, one a processor.
    """

    source: str
    system: System
    zones: tuple[Path, ...]
    _before: list[int | None] = field(default_factory=list)

    def start(self) -> None:
        """Begins to count."""
        self._before = self._read()

    def stop(self) -> float | None:
        """Joules since `start`."""
        joules = 0.0
        for zone, before, after in zip(self.zones, self._before, self._read(), strict=True):
            if before is None or after is None:
                return None
            span = self.system.number(zone / "max_energy_range_uj") or 0
            joules += ((after - before) if after >= before else after - before + span) / 1e6
        return joules

    def _read(self) -> list[int | None]:
        return [self.system.number(zone / "energy_uj") for zone in self.zones]


@dataclass
class Gauge:
    """Looks at the watts again and again, and takes their mean for the whole time.

    Args:
        watts: None where it cannot tell at this moment.
        clock: seconds.
    """

    source: str
    watts: Callable[[], float | None]
    clock: Callable[[], float] = time.monotonic
    _watts: list[float] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _sampler: threading.Thread | None = None
    _began: float = 0.0

    def start(self) -> None:
        """Begins to look."""
        self._watts, self._ended = [], threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._began = self.clock()
        self._sampler.start()

    def stop(self) -> float | None:
        """Joules since `start`."""
        seconds = self.clock() - self._began
        self._ended.set()
        if self._sampler:
            self._sampler.join()
        return seconds * sum(self._watts) / len(self._watts) if self._watts else None

    def _sample(self) -> None:
        while True:
            if (watts := self.watts()) is not None:
                self._watts.append(watts)
            if self._ended.wait(_SECONDS_BETWEEN_SAMPLES):
                return


def pmic_watts(system: System) -> float | None:
    """Watts of all rails that the Raspberry Pi 5's power controller measures."""
    readings: dict[str, dict[str, float]] = {"A": {}, "V": {}}
    for rail, unit, value in _RAIL.findall(system.command(("vcgencmd", "pmic_read_adc"))):
        readings[unit][rail] = float(value)
    amperes, volts = readings["A"], readings["V"]
    rails = amperes.keys() & volts.keys()
    return sum(amperes[rail] * volts[rail] for rail in rails) if rails else None


def battery_watts(system: System) -> float | None:
    """Watts that come out of the battery; None while it is charged or there is none."""
    for supply in system.find("sys/class/power_supply/*"):
        if system.text(supply / "type") != "Battery":
            continue
        if system.text(supply / "status") != "Discharging":
            continue
        current, voltage = (system.number(supply / f"{n}_now") for n in ("current", "voltage"))
        power = system.number(supply / "power_now")
        if power:
            return abs(power) / 1e6
        if current and voltage:
            return abs(current) * voltage / 1e12
    return None
