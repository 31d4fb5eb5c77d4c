"""Whether a device slows itself down: too hot, or too little power."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from edgebert.benchmarking.system import System

# Raspberry Pi: https://www.raspberrypi.com/documentation/computers/os.html#get_throttled
_PI_FILE = "sys/devices/platform/soc/soc:firmware/get_throttled"
_PI_NOW = 0xF  # under-voltage, capped clock, throttled, soft temperature limit
_PI_SINCE_BOOT = _PI_NOW << 16

_COUNTS = "sys/devices/system/cpu/cpu[0-9]*/thermal_throttle/*_throttle_count"
_COOLING = "sys/class/thermal/cooling_device*"
_CPU_COOLING = re.compile(r"processor|cpufreq|thermal-cpu|^cpu", re.IGNORECASE)


@dataclass(frozen=True)
class Throttling:
    """What a device tells about slowing down; compare two of them with `happened`.

    Attributes:
        pi: bits of the Raspberry Pi's firmware.
        count: how often the cores of an x86 processor did so since boot.
        cooling: a cooling device of the processor holds its clock down.
    """

    pi: int | None = None
    count: int | None = None
    cooling: bool | None = None


def read_throttling(system: System) -> Throttling:
    """Looks at the device."""
    counts = [n for p in system.find(_COUNTS) if (n := system.number(p)) is not None]
    states = [
        state
        for device in system.find(_COOLING)
        if _CPU_COOLING.search(system.text(device / "type"))
        and (state := system.number(device / "cur_state")) is not None
    ]
    return Throttling(
        pi=_pi_bits(system),
        count=sum(counts) if counts else None,
        cooling=any(state > 0 for state in states) if states else None,
    )


def happened(before: Throttling, after: Throttling) -> bool | None:
    """Whether a device slowed down between two looks; None where it cannot tell."""
    signs: list[bool] = []
    if before.pi is not None and after.pi is not None:
        new = after.pi & ~before.pi & _PI_SINCE_BOOT
        signs.append(bool(new or (before.pi | after.pi) & _PI_NOW))
    if before.count is not None and after.count is not None:
        signs.append(after.count > before.count)
    if before.cooling is not None and after.cooling is not None:
        signs.append(before.cooling or after.cooling)
    return in_any(signs)


def in_any(signs: Iterable[bool | None]) -> bool | None:
    """Whether any of them tells so; None where none tells anything."""
    known = [sign for sign in signs if sign is not None]
    return any(known) if known else None


def _pi_bits(system: System) -> int | None:
    text = system.text(_PI_FILE) or system.command(("vcgencmd", "get_throttled"))
    found = re.fullmatch(r"(?:throttled=)?(?:0x)?([0-9a-fA-F]{1,8})", text.strip())
    return int(found[1], 16) if found else None
