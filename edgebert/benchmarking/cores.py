"""The cores of a processor: which there are, of which kind, and which ones a run is kept on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from edgebert.benchmarking.result import Core
from edgebert.benchmarking.system import System
from edgebert.errors import EdgebertError

_CPUS = "sys/devices/system/cpu"
_KINDS = ("little", "big")
_ALIKE = 1.1  # turbo clocks of equal cores differ by a few percent
# In the same paragraph of /proc/cpuinfo.
_CLOCKS = re.compile(
    r"^processor[ \t]*:[ \t]*(\d{1,4})\n(?:.+\n)*?cpu MHz[ \t]*:[ \t]*([\d.]{1,12})$", re.M
)
_NUMBERS = re.compile(r"\d{1,4}(-\d{1,4})?(,\d{1,4}(-\d{1,4})?)*")


def read_cores(system: System) -> tuple[Core, ...]:
    """The cores that are switched on; clusters by capacity, or by clock where that is unknown."""
    folders = {
        int(folder.name[3:]): folder
        for folder in system.find(f"{_CPUS}/cpu[0-9]*")
        if system.text(folder / "online") != "0"
    }
    clocks = {i: system.number(f / "cpufreq/cpuinfo_max_freq") for i, f in folders.items()}
    strengths = {i: system.number(f / "cpu_capacity") for i, f in folders.items()}
    if None in strengths.values():
        strengths = clocks
    clusters = _clusters(strengths.values())
    return tuple(
        Core(i, clusters.get(strengths[i]), clock / 1000 if (clock := clocks[i]) else None)
        for i in sorted(folders)
    )


def choose_cores(wanted: str, cores: Sequence[Core]) -> tuple[int, ...]:
    """The numbers of the cores that `wanted` names.

    Args:
        wanted: "little" (the weakest cluster), "big" (the strongest), or numbers as "0-3,6".
        cores: of the device.

    Raises:
        EdgebertError: nothing of these, no such core, or one cluster alone.
    """
    there = [core.id for core in cores]
    if wanted in _KINDS:
        clusters = sorted({core.cluster for core in cores if core.cluster is not None})
        if len(clusters) < 2:
            raise EdgebertError(
                f"cores {wanted!r}: all cores here are alike or unknown; give numbers such as 0-3"
            )
        cluster = clusters[0] if wanted == "little" else clusters[-1]
        return tuple(core.id for core in cores if core.cluster == cluster)
    if not _NUMBERS.fullmatch(wanted):
        raise EdgebertError(f"cores {wanted!r}: give big, little or numbers such as 0-3,6")
    chosen = sorted({i for part in wanted.split(",") for i in _range(part)})
    if missing := [i for i in chosen if i not in there]:
        raise EdgebertError(f"cores {wanted!r}: no core {missing[0]} here; there are {show(there)}")
    if not chosen:
        raise EdgebertError(f"cores {wanted!r}: no core is named; give numbers such as 0-3,6")
    return tuple(chosen)


def show(cores: Iterable[int]) -> str:
    """Core numbers in short: "0-3,6"."""
    parts: list[list[int]] = []
    for core in sorted(cores):
        if parts and core == parts[-1][-1] + 1:
            parts[-1].append(core)
        else:
            parts.append([core])
    return ",".join(f"{p[0]}-{p[-1]}" if len(p) > 1 else f"{p[0]}" for p in parts)


def clock_mhz(system: System, cores: Sequence[int] | None = None) -> float | None:
    """The mean clock of some cores, or of all, at this moment."""
    names = ["cpu[0-9]*"] if cores is None else [f"cpu{i}" for i in cores]
    paths = [p for n in names for p in system.find(f"{_CPUS}/{n}/cpufreq/scaling_cur_freq")]
    found = [clock / 1000 for path in paths if (clock := system.number(path))]
    if not found:
        clocks = _CLOCKS.findall(system.text("proc/cpuinfo"))
        found = [float(mhz) for core, mhz in clocks if cores is None or int(core) in cores]
    return round(sum(found) / len(found), 1) if found else None


def read_governor(system: System) -> str | None:
    """The governor of cpufreq; several are joined by commas."""
    paths = system.find(f"{_CPUS}/cpu[0-9]*/cpufreq/scaling_governor")
    return ", ".join(dict.fromkeys(g for p in paths if (g := system.text(p)))) or None


def _clusters(strengths: Iterable[int | None]) -> dict[int | None, int]:
    """Number of the cluster by strength, from the weakest."""
    numbers: dict[int | None, int] = {}
    number, last = -1, 0.0
    for strength in sorted({s for s in strengths if s is not None}):
        if strength > _ALIKE * last:
            number += 1
        last = strength
        numbers[strength] = number
    return numbers


def _range(part: str) -> range:
    first, _, last = part.partition("-")
    return range(int(first), int(last or first) + 1)
