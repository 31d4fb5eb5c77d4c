"""The Raspberry Pis, and the phone, that are emulated: what programs see of their processors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

CORES = 4


@dataclass(frozen=True)
class Architecture:
    """What all boards of one Debian architecture have in common.

    Attributes:
        name: as Debian calls it.
        qemu: the program that runs its binaries.
        packages: of Debian, that its Python needs.
    """

    name: str
    qemu: str
    packages: tuple[str, ...]


@dataclass(frozen=True)
class Board:
    """A board as programs see it.

    Attributes:
        cpu: qemu's name for it. Never `max` with its SME, which LiteRT computes wrongly with under
            qemu 7.2.
        features: of /proc/cpuinfo, from which runtimes choose their kernels.
        variant, part, revision: of the CPU's identification register.
    """

    architecture: Architecture
    cpu: str
    features: str
    variant: str
    part: str
    revision: int

    @property
    def cpuinfo(self) -> str:
        """What /proc/cpuinfo says; LiteRT crashes where it finds none."""
        number = "8" if self.architecture is ARM64 else "7"
        return "".join(
            f"processor\t: {core}\nBogoMIPS\t: 108.00\nFeatures\t: {self.features}\n"
            f"CPU implementer\t: 0x41\nCPU architecture: {number}\nCPU variant\t: {self.variant}\n"
            f"CPU part\t: {self.part}\nCPU revision\t: {self.revision}\n\n"
            for core in range(CORES)
        )


_PYTHON = ("python3", "libstdc++6", "libgcc-s1")

ARM64 = Architecture("arm64", "qemu-aarch64", _PYTHON)
# The package index has no 32-bit wheels of numpy, so Debian's is taken.
ARMHF = Architecture("armhf", "qemu-arm", (*_PYTHON, "python3-numpy"))

PLATFORMS = tuple(
    f"manylinux{version}_aarch64"
    for version in ("2014", "_2_17", "_2_26", "_2_27", "_2_28", "_2_31", "_2_34", "_2_35")
)
"""Tags of the wheels that run on the 64-bit boards."""

BOARDS: Mapping[str, Board] = MappingProxyType(
    {
        "pi4": Board(ARM64, "cortex-a72", "fp asimd evtstrm crc32 cpuid", "0x0", "0xd08", 3),
        "pi5": Board(
            ARM64,
            "cortex-a76",
            "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm "
            "lrcpc dcpop asimddp",
            "0x4",
            "0xd0b",
            1,
        ),
        "phone": Board(
            ARM64,
            "max,sme=off,sve=off",
            "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm jscvt "
            "fcma lrcpc dcpop sha3 sm3 sm4 asimddp sha512 asimdfhm dit uscat ilrcpc flagm ssbs sb "
            "paca pacg dcpodp flagm2 frint i8mm bf16",
            "0x2",
            "0xd47",
            0,
        ),
        "pi2": Board(
            ARMHF,
            "cortex-a7",
            "half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm",
            "0x0",
            "0xc07",
            5,
        ),
    }
)
"""pi4 has no int8 dot product, pi5 has it (asimddp), phone multiplies int8 matrices (i8mm, as
Armv8.6 and the Cortex-A710 do); pi2 stands for 32-bit Raspberry Pi OS."""

COUNTED = ("pi4", "pi5", "phone")
"""Boards whose instructions can be counted."""
