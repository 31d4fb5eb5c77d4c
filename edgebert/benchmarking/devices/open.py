"""From an address to its device. A new kind of device is a row of `KINDS` (docs/devices.md)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from edgebert.benchmarking.devices.address import (
    DEFAULT_OPTIONS,
    SERIAL,
    DeviceOptions,
    parse_ssh,
)
from edgebert.benchmarking.devices.device import Device
from edgebert.errors import EdgebertError


@dataclass(frozen=True)
class DeviceKind:
    """One kind of device.

    Attributes:
        accepted: its addresses, as users are shown them.
        open: makes the device of an address; None where that is of no such device.
    """

    accepted: str
    open: Callable[[str, DeviceOptions], Device | None]


def open_device(address: str, options: DeviceOptions = DEFAULT_OPTIONS) -> Device:
    """The device of an address; nothing is connected before it is entered.

    Args:
        address: "local", "ssh://[user@]host[:port]", "adb" (the only phone) or "adb:SERIAL".
        options: see `DeviceOptions`.

    Raises:
        EdgebertError: not an address.
    """
    for kind in KINDS:
        if (device := kind.open(address, options)) is not None:
            return device
    known = ", ".join(kind.accepted for kind in KINDS)
    raise EdgebertError(f"device {address!r}: not an address; known are {known}")


# Each imports what it needs when it is asked for.


def _local(address: str, options: DeviceOptions) -> Device | None:
    if address != "local":
        return None
    from edgebert.benchmarking.devices.local import LocalDevice

    return LocalDevice()


def _ssh(address: str, options: DeviceOptions) -> Device | None:
    if (machine := parse_ssh(address)) is None:
        return None
    from edgebert.benchmarking.devices.ssh import SshDevice

    return SshDevice(machine, options)


def _adb(address: str, options: DeviceOptions) -> Device | None:
    found = re.fullmatch(rf"adb(?::({SERIAL}))?", address, re.ASCII)
    if found is None:
        return None
    from edgebert.benchmarking.devices.adb import AdbDevice

    return AdbDevice(found[1])


KINDS = (
    DeviceKind("local", _local),
    DeviceKind("ssh://[user@]host[:port]", _ssh),
    DeviceKind("adb or adb:SERIAL", _adb),
)
