"""Compiles a file for an Arm Ethos-U by Vela, Arm's own compiler (the package ethos-u-vela)."""

from __future__ import annotations

import csv
import importlib.util
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from edgebert.errors import CheckFailedError, EdgebertError
from edgebert.extras import install
from edgebert.files import replacing
from edgebert.model_file.contents import read_contents
from edgebert.progress import Progress
from edgebert.unfinished import temporary_folder

_SYSTEMS: Mapping[str, tuple[str, str, tuple[int, ...]]] = MappingProxyType(
    {
        "ethos-u55": ("Ethos_U55_High_End_Embedded", "Shared_Sram", (32, 64, 128, 256)),
        "ethos-u65": ("Ethos_U65_High_End", "Dedicated_Sram", (256, 512)),
        "ethos-u85": ("Ethos_U85_SYS_DRAM_Mid", "Dedicated_Sram_384KB", (128, 256, 512, 1024)),
    }
)
"""By target: the system and the memory that Vela's estimate is of, from the configurations of Arm
that come with it, and how many products a cycle the processors of that kind do."""

CONFIGURATIONS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        **{
            f"{target}-{macs}": (target, system, memory)
            for target, (system, memory, sizes) in _SYSTEMS.items()
            for macs in sizes
        },
        "ethos-u85-2048": ("ethos-u85", "Ethos_U85_SYS_DRAM_High", "Dedicated_Sram_512KB"),
    }
)
"""Target, system and memory of what Vela compiles for, by Vela's names."""

_NPU = "CUSTOM"


@dataclass(frozen=True)
class Compilation:
    """A compiled file, and what the compiler expects of it.

    Attributes:
        path: of the compiled file, which needs Arm's driver to run.
        configuration: what it is compiled for.
        compiler: its name and version.
        bytes: size of the compiled file.
        npu_ops: operators that the NPU runs; each stands for all that was joined in it.
        cpu_ops: operators left to the processor, and how often each occurs.
        milliseconds: of one run, by the compiler's estimate, as all that follows.
        clock_mhz: at which.
        sram_kib: most that activations take of the fast memory.
        dram_kib: of the slow one.
        flash_kib: of what is only read.
    """

    path: Path
    configuration: str
    compiler: str
    bytes: int
    npu_ops: int
    cpu_ops: dict[str, int]
    milliseconds: float
    clock_mhz: float
    sram_kib: float
    dram_kib: float
    flash_kib: float


def check_configuration(name: str, target: str | None, lengths: Sequence[int]) -> str:
    """The target that a file must be written for, to be compiled so.

    Raises:
        EdgebertError: Vela is not installed or knows no such processor, or the target is another,
            or there are several graphs, of which it takes one.
    """
    if name not in CONFIGURATIONS:
        raise EdgebertError(f"compile {name!r} is unknown; known: {', '.join(CONFIGURATIONS)}")
    needed = CONFIGURATIONS[name][0]
    if target not in (None, needed):
        raise EdgebertError(f"compile {name}: wants --target {needed}, not {target}")
    if len(set(lengths)) > 1:
        raise EdgebertError(f"compile {name}: Vela compiles one graph; give one --length")
    if importlib.util.find_spec("ethosu") is None:
        raise EdgebertError(f"compile {name}: Vela is not installed: {install('ethos-u')}")
    return needed


def compiled_path(path: Path, configuration: str) -> Path:
    """Where the compiled form of a file goes: beside it."""
    return path.with_suffix(f".{configuration}{path.suffix}")


def compile_file(path: Path, configuration: str, progress: Progress, *, force: bool) -> Compilation:
    """Compiles a file that has one graph.

    Raises:
        CheckFailedError: Vela refuses it; the file itself stays.
        EdgebertError: the compiled file cannot be written.
    """
    from importlib.metadata import version

    progress(0, None, f"compiling for {configuration}")
    _, system, memory = CONFIGURATIONS[configuration]
    output = compiled_path(path, configuration)
    with replacing(output, force=force) as part, temporary_folder(output) as folder:
        options = {
            "--config": "Arm/vela.ini",
            "--accelerator-config": configuration,
            "--system-config": system,
            "--memory-mode": memory,
            "--output-dir": str(folder),
        }
        command = [sys.executable, "-m", "ethosu.vela", str(path)]
        done = subprocess.run(  # noqa: S603 (our own interpreter, no shell)
            [*command, *(word for option in options.items() for word in option)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        made = folder / f"{path.stem}_vela.tflite"
        if done.returncode or not made.exists():
            said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
            raise CheckFailedError(
                f"{path}: was written, but Vela does not compile it for {configuration}: "
                f"{said[-1] if said else done.returncode}"
            )
        made.replace(part)
        with next(folder.glob("*_summary_*.csv")).open(encoding="utf-8", newline="") as file:
            summary = list(csv.DictReader(file))[-1]
    contents = read_contents(output)
    counts: Counter[str] = Counter()
    for use in contents.uses:
        counts[use.op] += use.count
    return Compilation(
        path=output,
        configuration=configuration,
        compiler=f"Vela {version('ethos-u-vela')}",
        bytes=contents.bytes,
        npu_ops=counts.pop(_NPU, 0),
        cpu_ops=dict(counts),
        milliseconds=1e3 * float(summary["inference_time"]),
        clock_mhz=float(summary["core_clock"]) / 1e6,
        sram_kib=float(summary["sram_memory_used"]),
        dram_kib=float(summary["dram_memory_used"]),
        flash_kib=float(summary["off_chip_flash_memory_used"]),
    )
