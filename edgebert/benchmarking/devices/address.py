"""Addresses of devices, as `--device` takes them."""

from __future__ import annotations

import re
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from edgebert.errors import EdgebertError

# What a name may consist of, so that no part of an address is an option or a command.
_USER = r"[A-Za-z0-9_][\w.$-]{0,63}"
_HOST = r"[A-Za-z0-9][\w.-]{0,252}|[0-9A-Fa-f:]{2,39}(%[\w.-]{1,20})?"
SERIAL = r"[A-Za-z0-9][\w.:-]{0,127}"


@dataclass(frozen=True)
class SshAddress:
    """A machine behind ssh; `user` and `port` are ssh's own defaults where None."""

    host: str
    user: str | None = None
    port: int | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        user = f"{self.user}@" if self.user else ""
        return f"ssh://{user}{host}" + (f":{self.port}" if self.port else "")


@dataclass(frozen=True)
class DeviceOptions:
    """How devices are set up; what does not concern a device is passed over.

    Attributes:
        python: an interpreter on the ssh device that has numpy and an engine; None: a private
            environment is made there.
        wheel: of edgebert, to run on the ssh device; None: the package that runs here.
        ssh_config: file for `ssh -F`; None: the user's own.
    """

    python: str | None = None
    wheel: Path | None = None
    ssh_config: Path | None = None


DEFAULT_OPTIONS = DeviceOptions()


def parse_ssh(address: str) -> SshAddress | None:
    """Reads "ssh://[user@]host[:port]"; None if it is not one.

    Raises:
        EdgebertError: it has a password in it.
    """
    if not address.startswith("ssh://"):
        return None
    try:
        parts = urllib.parse.urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.password is not None:
        raise EdgebertError(
            f"device ssh://{parts.username}:…@{host}: a password does not belong in an address, "
            "where others can read it; set up a key with ssh-copy-id"
        )
    usable = (
        host is not None
        and re.fullmatch(_HOST, host, re.ASCII)
        and (parts.username is None or re.fullmatch(_USER, parts.username, re.ASCII))
        and port != 0
        and parts.path in ("", "/")
        and not parts.query
        and not parts.fragment
    )
    if not usable or host is None:
        return None
    return SshAddress(host, parts.username, port)
