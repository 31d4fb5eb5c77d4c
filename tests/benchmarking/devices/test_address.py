"""Addresses of devices: what is one, and what is refused."""

import pytest

from edgebert.benchmarking.devices.address import SshAddress, parse_ssh
from edgebert.benchmarking.devices.open import open_device
from edgebert.errors import EdgebertError


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("ssh://pi", SshAddress("pi")),
        ("ssh://pi@raspberrypi.local", SshAddress("raspberrypi.local", "pi")),
        ("ssh://pi@10.0.0.7:2222", SshAddress("10.0.0.7", "pi", 2222)),
        ("ssh://[fe80::1%eth0]:22", SshAddress("fe80::1%eth0", None, 22)),
    ],
)
def test_ssh_addresses_are_taken_apart_and_together(address, parts):
    assert parse_ssh(address) == parts
    assert str(parts) == address


def test_the_local_device_needs_nothing():
    with open_device("local") as device:
        assert device.name == "local"


@pytest.mark.parametrize(
    "address",
    [
        "", "lokal", "ssh:pi", "ssh://", "ssh://-oProxyCommand=x", "ssh://-x@pi", "ssh://pi:0",
        "ssh://pi:99999", "ssh://pi:x", "ssh://pi/home", "ssh://pi?x", "ssh://a b", "ssh://$(x)",
        "ssh://a;b@pi", "adb:", "adb:-s", "adb:a b", "adbx", "local:1", "ssh://[::1",
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_what_is_accepted(address):
    with pytest.raises(EdgebertError, match=r"not an address; known are local, ssh://"):
        open_device(address)


def test_a_password_is_refused_and_not_repeated():
    with pytest.raises(EdgebertError, match="ssh-copy-id") as caught:
        open_device("ssh://pi:secret@host")
    assert "secret" not in str(caught.value)
