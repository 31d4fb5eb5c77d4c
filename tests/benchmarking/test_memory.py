"""Memory in parts: of fake processes to the byte, of this one against the kernel's own sums."""

import mmap
from pathlib import Path

import pytest

from edgebert.benchmarking.memory import read_mapped, read_memory, read_peak
from edgebert.benchmarking.result import MemoryState
from edgebert.benchmarking.system import System
from tests.benchmarking.machines import machine

ROLLUP = """55d0-7ffc ---p 00000000 00:00 0    [rollup]
Rss:               10000 kB
Pss:                7000 kB
Shared_Clean:       3000 kB
Shared_Dirty:        500 kB
Private_Clean:      1500 kB
Private_Dirty:      5000 kB
Anonymous:          5100 kB
"""
SMAPS = """55d000000000-55d000001000 r--p 00000000 08:01 1234    /models/a b.tflite
Rss:                2000 kB
Shared_Clean:       2000 kB
Shared_Dirty:          0 kB
Private_Clean:         0 kB
Private_Dirty:         0 kB
Anonymous:             0 kB
VmFlags: rd mr mw me
55d000002000-55d000003000 r--p 00001000 08:01 1234    /models/a b.tflite
Rss:                 300 kB
Shared_Clean:          0 kB
Shared_Dirty:          0 kB
Private_Clean:       300 kB
Private_Dirty:         0 kB
Anonymous:             0 kB
7f0000000000-7f0000001000 rw-p 00000000 00:00 0
Rss:                 700 kB
Shared_Clean:          0 kB
Shared_Dirty:          0 kB
Private_Clean:         0 kB
Private_Dirty:       700 kB
Anonymous:           700 kB
"""
STATUS = """Name:\tpython3
VmHWM:\t   12000 kB
VmRSS:\t   10000 kB
RssAnon:\t    5100 kB
RssFile:\t    4900 kB
"""
KB = 1024


def test_the_parts_of_a_rollup_add_up(tmp_path):
    system = machine(tmp_path, {"proc/self/smaps_rollup": ROLLUP, "proc/self/smaps": SMAPS})
    assert read_memory(system) == MemoryState(5100 * KB, 3500 * KB, 1400 * KB, 10_000 * KB)


def test_the_sums_of_smaps_where_there_is_no_rollup(tmp_path):
    system = machine(tmp_path, {"proc/self/smaps": SMAPS, "proc/self/status": STATUS})
    assert read_memory(system) == MemoryState(700 * KB, 2000 * KB, 300 * KB, 3000 * KB)


def test_status_where_there_is_no_smaps(tmp_path):
    system = machine(tmp_path, {"proc/self/status": STATUS})
    assert read_memory(system) == MemoryState(5100 * KB, None, 4900 * KB, 10_000 * KB)
    assert read_peak(system) == MemoryState(resident=12_000 * KB)


def test_a_system_without_proc(tmp_path):
    assert read_memory(System(tmp_path)) == MemoryState()
    assert read_peak(System(tmp_path)).resident > 1_000_000  # getrusage knows
    assert read_mapped(System(tmp_path), Path("/x")) is None


def test_what_of_it_is_one_file(tmp_path):
    system = machine(tmp_path, {"proc/self/smaps": SMAPS})
    assert read_mapped(system, Path("/models/a b.tflite")) == 2300 * KB
    assert read_mapped(system, Path("/models/b.tflite")) == 0


linux = pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="needs Linux's /proc")


@linux
def test_a_file_that_this_process_maps_is_found(tmp_path):
    path = tmp_path / "mapped file"
    path.write_bytes(b"x" * 3_000_000)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        before = read_mapped(System(), path)
        assert sum(mapped[::4096]) == ord("x") * len(mapped[::4096])
        assert before <= read_mapped(System(), path) == -(-3_000_000 // 4096) * 4096


@linux
def test_private_memory_grows_by_what_is_allocated():
    before = read_memory(System())
    block = bytearray(b"y" * 50_000_000)
    after = read_memory(System())
    assert after.private - before.private == pytest.approx(len(block), rel=0.05)
    assert after.private + after.shared + after.mapped == after.resident
    assert read_peak(System()).resident >= after.resident * 0.95
