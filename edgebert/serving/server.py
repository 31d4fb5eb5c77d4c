"""Where a service listens, and how it runs until it is told to stop."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import signal
import socket
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from edgebert.errors import EdgebertError

_FIRST_PASSED_FD = 3  # sd_listen_fds(3)
_BACKLOG = 128
_STOP_SECONDS = 10
_IDLE_SECONDS = 30


@dataclass(frozen=True)
class ListenAddress:
    """Where to listen.

    Attributes:
        host: address of the port.
        port: None: no port; 0: a free one.
        path: of a Unix socket; None: none.
    """

    host: str
    port: int | None
    path: Path | None

    def addresses(self) -> list[str]:
        """As ListenStream= of systemd.socket(5) takes them."""
        port = [] if self.port is None else [_address(self.host, self.port)]
        return [*port, *([] if self.path is None else [os.path.abspath(self.path)])]  # noqa: PTH100


@contextlib.contextmanager
def listening(place: ListenAddress) -> Iterator[list[socket.socket]]:
    """The sockets of a place; those that systemd has opened for this process, if it has.

    Raises:
        EdgebertError: see `listen_on_port` and `listen_on_path`.
    """
    with contextlib.ExitStack() as opened:
        sockets = [opened.enter_context(each) for each in passed_sockets()]
        if not sockets:
            if place.port is not None:
                sockets.append(opened.enter_context(listen_on_port(place.host, place.port)))
            if place.path is not None:
                sockets.append(opened.enter_context(listen_on_path(place.path)))
        yield sockets


def shown(listening_socket: socket.socket) -> str:
    """Where a socket listens, as a client writes it."""
    name = listening_socket.getsockname()
    return f"http://{_address(*name[:2])}" if isinstance(name, tuple) else f"unix:{name}"


def is_loopback(host: str) -> bool:
    """Only programs of this machine reach a port there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextlib.contextmanager
def listen_on_port(host: str, port: int) -> Iterator[socket.socket]:
    """A socket on a port.

    Raises:
        EdgebertError: the address is not this machine's, or the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise EdgebertError(
            f"cannot listen on {host} port {port}: {error.strerror or error}; "
            "give another --host or --port"
        ) from error
    with listening:
        # Connections inherit it. Without it the body of an answer waits 40 ms for the client to
        # acknowledge its headers: asyncio sets it only where a socket names TCP as its protocol.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listening


@contextlib.contextmanager
def listen_on_path(path: Path) -> Iterator[socket.socket]:
    """A Unix socket, for the user and the group of this process; it is removed at the end.

    Raises:
        EdgebertError: there is another file, a service that listens there, or no permission.
    """
    _remove_left_over(path)
    listening = socket.socket(socket.AF_UNIX)
    try:
        with listening:
            listening.bind(os.fspath(path))
            path.chmod(0o660)
            listening.listen(_BACKLOG)
            try:
                yield listening
            finally:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise EdgebertError(f"cannot listen on {path}: {error.strerror or error}") from error


def passed_sockets() -> list[socket.socket]:
    """The sockets that systemd has opened for this process (socket activation)."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = int(os.environ.get("LISTEN_FDS", "0"))
    return [socket.socket(fileno=_FIRST_PASSED_FD + index) for index in range(count)]


def http_server(app: Starlette) -> uvicorn.Server:
    """The server, for sockets that listen already."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            lifespan="off",
            log_level="warning",
            access_log=False,  # texts of users belong in no log
            server_header=False,
            timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
    )


def run_until_stopped(app: Starlette, sockets: list[socket.socket]) -> None:
    """Answers requests until SIGTERM or SIGINT; those that have begun are answered first."""
    # The server raises the signal again once it has stopped; by default that would end the process
    # before anything is tidied up.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    http_server(app).run(sockets=sockets)


def _remove_left_over(path: Path) -> None:
    """A killed service leaves its socket behind."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return
    if not stat.S_ISSOCK(mode):
        raise EdgebertError(f"{path}: exists and is no socket; give another --socket")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise EdgebertError(f"cannot listen on {path}: {error.strerror or error}") from error
        else:
            raise EdgebertError(f"{path}: a service listens there already")


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
