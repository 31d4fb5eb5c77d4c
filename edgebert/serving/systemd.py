"""Units with which systemd keeps a service running (systemd.service(5), systemd.socket(5))."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from string import Template

_SERVICE = Template("""\
[Unit]
Description=edgebert: answers of text models
After=network.target

[Service]
ExecStart=$command
Restart=always
RestartSec=1
DynamicUser=yes
RuntimeDirectory=edgebert
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX

[Install]
WantedBy=multi-user.target
""")

_SOCKET = Template("""\
[Unit]
Description=edgebert: where it listens

[Socket]
$listen

[Install]
WantedBy=sockets.target
""")


def service_unit(command: Sequence[str]) -> str:
    """The unit of a service that runs `command`, the words of a command line."""
    # systemd expands % and $ itself.
    line = shlex.join(command).replace("%", "%%").replace("$", "$$")
    return _SERVICE.substitute(command=line)


def socket_unit(addresses: Sequence[str]) -> str:
    """The unit of sockets, each a path or host:port; systemd starts the service on demand."""
    listen = "\n".join(f"ListenStream={address}" for address in addresses)
    return _SOCKET.substitute(listen=listen.replace("%", "%%"))
