"""A whole emulated Raspberry Pi that answers to ssh: kernel, Python, an engine, an ssh server.

Its files are an initramfs made of Debian packages; it has no disk and reaches no network. With
the instruction clock its time advances with what it executes, so that times read there repeat.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from tools.devices.emulated_pi import debian
from tools.devices.emulated_pi.boards import ARM64
from tools.devices.emulated_pi.root import EmulatedPi, digest

PROGRAMS = ("qemu-system-aarch64", ARM64.qemu, "cpio", "ssh", "ssh-keygen", "apt-get", "dpkg-deb")
"""What it takes on this machine."""

_PACKAGES = (*ARM64.packages, "busybox-static", "dropbear-bin", "dash", "coreutils")
_SYSTEM_PACKAGES = (
    *_PACKAGES, "python3-venv", "systemd", "systemd-sysv", "sudo", "curl", "bash", "util-linux",
    "login", "libpam-modules", "procps", "grep", "sed",
)  # fmt: skip
_KERNEL = ("linux-image-cloud-arm64",)
_MODULES = ("virtio_ring", "virtio", "virtio_mmio", "failover", "net_failover", "virtio_net")
_READY = "Not backgrounding"
"""What dropbear says when it listens."""
_ACCOUNTS = {
    "passwd": "root:x:0:0:root:/root:/bin/sh\nfull:x:0:0:full disk:/full:/bin/sh\n",
    "group": "root:x:0:\n",
    "shadow": "root:*:19000:0:99999:7:::\nfull:*:19000:0:99999:7:::\n",
    "shells": "/bin/sh\n",
}
_SSH_SERVICE = """\
[Service]
ExecStart=/usr/sbin/dropbear -F -E -s -p 22 -r /etc/dropbear/host
Restart=always
StandardError=journal+console
"""
_PAM = ("auth", "account", "password", "session", "session-noninteractive")
_SYSTEM_FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\npi:x:1000:1000:pi:/home/pi:/bin/bash\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "etc/group": "root:x:0:\ntty:x:5:\nsystemd-journal:x:999:\npi:x:1000:\nnogroup:x:65534:\n",
    "etc/shadow": "root:*:19000:0:99999:7:::\npi:*:19000:0:99999:7:::\n",
    "etc/shells": "/bin/sh\n/bin/bash\n",
    "etc/sudoers.d/pi": "pi ALL=(ALL) NOPASSWD: ALL\n",
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "etc/hostname": "raspberrypi\n",
    "etc/hosts": "127.0.0.1 localhost raspberrypi\n",
    "etc/pip.conf": "[global]\nno-index = true\nfind-links = /wheels\n",
    "etc/systemd/system/ssh.service": _SSH_SERVICE,
    **{f"etc/pam.d/common-{kind}": f"{kind[:7]} required pam_permit.so\n" for kind in _PAM},
}
"""What maintainer scripts and Raspberry Pi OS set up, and where pip finds its wheels."""


class EmulatedMachine:
    """A running machine; a context manager.

    The user `full` has a home with 300 kB of space.

    Attributes:
        port: of its ssh server, on 127.0.0.1.
        config: for `ssh -F`: its host key is known, its key accepted.

    Args:
        pi: whose cache its parts are kept in.
        folder: for keys, logs and the initramfs of this machine.
        instruction_clock: one core whose clock advances a nanosecond an instruction.
    """

    packages = _PACKAGES
    init = "vm_init.sh"
    memory = "2G"
    seconds = 120
    """Until it listens."""

    def __init__(self, pi: EmulatedPi, folder: Path, *, instruction_clock: bool = False) -> None:
        self.port = _free_port()
        self.config = folder / "config"
        self._folder = folder
        self._pi = pi
        self._clock = instruction_clock
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> EmulatedMachine:
        self._make_keys()
        initramfs = self._make_initramfs()
        log = self._folder / "serial.log"
        clock = ["-smp", "1", "-icount", "shift=0,sleep=off"] if self._clock else ["-smp", "2"]
        self._process = subprocess.Popen(
            [
                "qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a76", "-m", self.memory,
                *clock, "-display", "none", "-monitor", "none", "-serial", f"file:{log}",
                "-kernel", next((self._kernel() / "boot").glob("vmlinuz-*")),
                "-initrd", initramfs, "-append", "console=ttyAMA0 quiet panic=1",
                "-netdev", f"user,id=n0,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-:22",
                "-device", "virtio-net-device,netdev=n0",
            ],
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            self._wait(log)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    def _wait(self, log: Path) -> None:
        end = time.monotonic() + self.seconds
        while time.monotonic() < end and self._process and self._process.poll() is None:
            if log.exists() and _READY in log.read_text(errors="replace"):
                return
            time.sleep(0.2)
        said = log.read_text(errors="replace")[-2000:] if log.exists() else ""
        raise RuntimeError(f"the emulated machine does not start: {said}")

    def _make_keys(self) -> None:
        for name in ("host", "user"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self._folder / name],
                check=True,
            )
        kind, key, *_ = (self._folder / "host.pub").read_text().split()
        (self._folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {kind} {key}\n")
        self.config.write_text(
            f"UserKnownHostsFile {self._folder}/known_hosts\nGlobalKnownHostsFile /dev/null\n"
            f"IdentitiesOnly yes\nIdentityAgent none\nIdentityFile {self._folder}/user\n"
        )

    def _kernel(self) -> Path:
        """Files of Debian's newest kernel for virtual machines."""
        folder = self._pi.home() / "kernel"
        if not folder.exists():
            debian.unpack(_KERNEL, "arm64", folder, self._pi.home() / "apt-kernel")
        return folder

    def _base(self) -> Path:
        """Files that all machines have: Debian's, the modules and an engine."""
        recipe = digest("\n".join((*self.packages, *_MODULES)).encode())
        base = self._pi.home() / f"machine-{recipe}"
        if base.exists():
            return base
        part = base.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        debian.unpack(self.packages, "arm64", part, self._pi.home() / f"apt-{recipe}")
        self._install(part)
        (part / "modules").mkdir()
        for name in _MODULES:
            (module,) = self._kernel().rglob(f"{name}.ko")
            shutil.copy(module, part / "modules")
        part.rename(base)
        return base

    def _install(self, root: Path) -> None:
        """Adds an engine to the files that all machines have."""
        packages = root / "usr/lib/python3/dist-packages"
        site = self._pi.site("ai-edge-litert")
        shutil.copytree(site, packages, dirs_exist_ok=True, copy_function=link_or_copy)

    def _add_own_files(self, root: Path) -> None:
        """Adds accounts, and the key that opens them."""
        (root / "full").mkdir()
        self._accept_key(root / "root")
        for name, text in _ACCOUNTS.items():
            (root / "etc" / name).write_text(text)

    def _accept_key(self, home: Path) -> None:
        (home / ".ssh").mkdir(parents=True, exist_ok=True)
        shutil.copy(self._folder / "user.pub", home / ".ssh/authorized_keys")

    def _make_initramfs(self) -> Path:
        """The base with what is this machine's own, packed."""
        root, packed = self._folder / "root", self._folder / "initramfs"
        shutil.copytree(self._base(), root, symlinks=True, copy_function=link_or_copy)
        for folder in ("proc", "sys", "dev", "etc/dropbear"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(__file__).with_name(self.init), root / "init")
        (root / "init").chmod(0o755)
        self._add_own_files(root)
        convert = [
            ARM64.qemu, "-L", root, root / "usr/bin/dropbearconvert", "openssh", "dropbear",
            self._folder / "host", root / "etc/dropbear/host",
        ]  # fmt: skip
        subprocess.run(convert, check=True, capture_output=True)
        files = subprocess.run(["find", "."], cwd=root, check=True, capture_output=True).stdout
        with packed.open("wb") as archive:
            subprocess.run(
                ["cpio", "--quiet", "-o", "-H", "newc", "--owner", "0:0"],
                cwd=root, input=files, stdout=archive, check=True,
            )  # fmt: skip
        return packed


class EmulatedSystem(EmulatedMachine):
    """A Pi as it comes from its first start: systemd, sudo, curl, and Python without packages.

    Its user `pi` may do everything by sudo.

    Args:
        pi: whose cache its parts are kept in.
        folder: for keys, logs and the initramfs of this machine.
        wheels: a folder; its pip finds packages there, and nowhere else.
    """

    packages = _SYSTEM_PACKAGES
    init = "system_init.sh"
    memory = "4G"
    seconds = 900

    def __init__(self, pi: EmulatedPi, folder: Path, wheels: Path) -> None:
        super().__init__(pi, folder)
        self._wheels = wheels

    def ssh(self, command: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """What a command of the user `pi` printed; `given` is its standard input."""
        return subprocess.run(
            ["ssh", "-F", self.config, "-p", str(self.port), "pi@127.0.0.1", command],
            input=given,
            capture_output=True,
        )

    def _install(self, root: Path) -> None:
        """Nothing: the user installs what there is to install."""

    def _add_own_files(self, root: Path) -> None:
        for name, text in _SYSTEM_FILES.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)  # it may be a hard link to the cache
            path.write_text(text)
        (root / "etc/sudoers.d/pi").chmod(0o440)
        (root / "etc/localtime").touch()
        for folder in ("opt", "usr/local/bin"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        self._accept_key(root / "home/pi")
        units = root / "etc/systemd/system"
        (units / "multi-user.target.wants").mkdir(parents=True, exist_ok=True)
        (units / "multi-user.target.wants/ssh.service").symlink_to("../ssh.service")
        (units / "default.target").symlink_to("/lib/systemd/system/multi-user.target")
        shutil.copytree(self._wheels, root / "wheels")


def link_or_copy(source: str, target: str) -> None:
    """A hard link, or a copy where the target lies on another disk."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
