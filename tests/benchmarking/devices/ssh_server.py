"""A throwaway ssh server on 127.0.0.1 with keys of its own: what tests connect to."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

PRIVILEGE_SEPARATION = Path("/run/sshd")
"""Debian's sshd wants this folder, when root starts it."""


def missing():
    """Why there can be no server here; empty if there can."""
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if not (sshd and shutil.which("ssh") and shutil.which("ssh-keygen")):
        return "sshd, ssh or ssh-keygen is not installed (apt-get install openssh-server)"
    return ""


class SshServer:
    """One server in a folder.

    Attributes:
        address: to connect to.
        config: for `ssh -F`; it knows the server's host key, and the key the server accepts.
        cache: the folder that edgebert keeps over there.
    """

    def __init__(self, folder, environment=None):
        self.folder = folder
        self.cache = folder / "cache" / "edgebert" / "device"
        self.port = _free_port()
        self.address = f"ssh://127.0.0.1:{self.port}"
        self.config = folder / "client_config"
        for name in ("host", "user", "stranger"):
            _make_key(folder / name)
        shutil.copy(folder / "user.pub", folder / "authorized_keys")
        # With a home of its own, no start-up file of a shell changes the PATH.
        home = {"HOME": folder, "XDG_CACHE_HOME": folder / "cache"}
        self._write_configs({**home, **(environment or {})})
        self.start()

    def start(self):
        if os.geteuid() == 0:
            PRIVILEGE_SEPARATION.mkdir(exist_ok=True)
        sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
        self._process = subprocess.Popen(
            [sshd, "-D", "-e", "-f", self.folder / "server_config"],
            stderr=(self.folder / "log").open("ab"),
        )
        _wait_for(self.port)

    def stop(self):
        self._process.terminate()
        self._process.wait()

    def cut(self):
        """Ends every connection from this side."""
        for pid in _children(self._process.pid):
            os.kill(pid, signal.SIGKILL)

    def unplug(self):
        """Ends every connection, and takes no new one."""
        sessions = _children(self._process.pid)
        self.stop()
        for pid in sessions:
            os.kill(pid, signal.SIGKILL)

    def client_key(self, name):
        """Makes the client use another key."""
        self.config.write_text(self.config.read_text().replace("/user\n", f"/{name}\n"))

    def forget_host_key(self):
        (self.folder / "known_hosts").write_text("")

    def change_host_key(self):
        """The client knows another key than the server has."""
        kind, key, *_ = (self.folder / "stranger.pub").read_text().split()
        (self.folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {kind} {key}\n")

    def _write_configs(self, environment):
        folder = self.folder
        kind, key, *_ = (folder / "host.pub").read_text().split()
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {kind} {key}\n")
        (folder / "server_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\n"
            f"AuthorizedKeysFile {folder}/authorized_keys\nStrictModes no\nUsePAM no\n"
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n"
            "SetEnv " + " ".join(f'"{name}={value}"' for name, value in environment.items()) + "\n"
        )
        self.config.write_text(
            f"UserKnownHostsFile {folder}/known_hosts\nGlobalKnownHostsFile /dev/null\n"
            f"IdentitiesOnly yes\nIdentityAgent none\nIdentityFile {folder}/user\n"
        )


def _children(pid):
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True)
    return [int(child) for child in found.stdout.split()]


def _make_key(path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _wait_for(port):
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the ssh server does not answer")
