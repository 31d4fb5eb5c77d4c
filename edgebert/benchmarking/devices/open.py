"""From an address to its device."""

from __future__ import annotations

import re

from edgebert.benchmarking.devices.address import (
    ACCEPTED,
    DEFAULT_OPTIONS,
    SERIAL,
    DeviceOptions,
    parse_ssh,
)
from edgebert.benchmarking.devices.device import Device
from edgebert.errors import EdgebertError


def open_device(address: str, options: DeviceOptions = DEFAULT_OPTIONS) -> Device:
    """The device of an address; nothing is connected before it is entered.

    Args:
        address: "local", "ssh://[user@]host[:port]", "adb" (the only phone) or "adb:SERIAL".
        options: see `DeviceOptions`.

    Raises:
        EdgebertError: not an address.
    """
    if address == "local":
        from edgebert.benchmarking.devices.local import LocalDevice

        return LocalDevice()
    if address.startswith("ssh://"):
        from edgebert.benchmarking.devices.ssh import SshDevice

        return SshDevice(parse_ssh(address), options)
    kind, _, serial = address.partition(":")
    if kind == "adb" and (address == "adb" or re.fullmatch(SERIAL, serial, re.ASCII)):
        from edgebert.benchmarking.devices.adb import AdbDevice

        return AdbDevice(serial or None)
    raise EdgebertError(f"device {address!r}: not an address; known are {ACCEPTED}")
