"""Resident memory of this process, in parts, as Linux accounts for it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from edgebert.benchmarking.result import MemoryState
from edgebert.benchmarking.system import System

_HEADER = re.compile(r"^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+\s*(.*)$")
_SIZE = re.compile(r"^(\w+):\s+(\d{1,15}) kB$")
_OURS = "proc/self"


def read_memory(system: System) -> MemoryState:
    """Memory of this process at this moment; what the system does not tell is None.

    `smaps_rollup` tells all (Linux 4.14), the sums of `smaps` the same, `status` (Linux 4.5) knows
    files from anonymous memory, but not what is shared.
    """
    for name in ("smaps_rollup", "smaps"):
        sizes = _sums(system.text(f"{_OURS}/{name}").splitlines())
        if {"Rss", "Anonymous", "Shared_Clean", "Shared_Dirty"} <= sizes.keys():
            shared = sizes["Shared_Clean"] + sizes["Shared_Dirty"]
            private = sizes["Anonymous"]
            return MemoryState(
                private, shared, max(0, sizes["Rss"] - shared - private), sizes["Rss"]
            )
    sizes = _sums(system.text(f"{_OURS}/status").splitlines())
    if not {"VmRSS", "RssAnon"} <= sizes.keys():
        return MemoryState(resident=sizes.get("VmRSS"))
    return MemoryState(sizes["RssAnon"], None, sizes["VmRSS"] - sizes["RssAnon"], sizes["VmRSS"])


def read_peak(system: System) -> MemoryState:
    """The most memory this process ever had resident."""
    sizes = _sums(system.text(f"{_OURS}/status").splitlines())
    return MemoryState(resident=sizes.get("VmHWM") or _peak_without_proc())


def read_mapped(system: System, file: Path) -> int | None:
    """Bytes of a file that are resident as part of this process; None where smaps is missing."""
    smaps = system.text(f"{_OURS}/smaps")
    if not smaps:
        return None
    inside, total, name = False, 0, str(file.resolve())
    for line in smaps.splitlines():
        if header := _HEADER.match(line):
            inside = header[1] == name
        elif inside and line.startswith("Rss:"):
            total += _sums([line])["Rss"]
    return total


def _sums(lines: Iterable[str]) -> dict[str, int]:
    """Bytes by name, added up over all lines of that name."""
    sums: dict[str, int] = {}
    for line in lines:
        if found := _SIZE.match(line):
            sums[found[1]] = sums.get(found[1], 0) + 1024 * int(found[2])
    return sums


def _peak_without_proc() -> int | None:
    """What systems without /proc tell."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
