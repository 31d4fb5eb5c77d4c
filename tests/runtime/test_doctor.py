"""The doctor's judgement of machines described by their own files, and of the one at hand."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from edgebert.runtime.doctor import Diagnosis, can_run, examine
from edgebert.runtime.machine import (
    Cpu,
    Machine,
    Package,
    SystemMemory,
    parse_cpuinfo,
    parse_meminfo,
    try_package,
)

# What each board shows, cut to two cores.
PI_4 = """\
processor\t: 0
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm crc32 cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd08
CPU revision\t: 3

processor\t: 1
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm crc32 cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd08
CPU revision\t: 3

Revision\t: c03114
Serial\t\t: 10000000abcdef01
Model\t\t: Raspberry Pi 4 Model B Rev 1.4
"""
PI_5 = """\
processor\t: 0
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm \
lrcpc dcpop asimddp
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x4
CPU part\t: 0xd0b
CPU revision\t: 1

Revision\t: c04170
Serial\t\t: 20000000abcdef02
Model\t\t: Raspberry Pi 5 Model B Rev 1.0
"""
X86 = """\
processor\t: 0
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 143
model name\t: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz
stepping\t: 8
cpu MHz\t\t: 2699.998
flags\t\t: fpu sse4_2 avx f16c avx2 avx512f avx_vnni avx512_vnni amx_bf16 amx_tile amx_int8
bogomips\t: 5399.99
power management:
"""
# A phone: four small cores without i8mm, four large ones with it.
BIG_LITTLE = """\
processor\t: 0
Features\t: fp asimd asimdhp asimddp
CPU part\t: 0xd05

processor\t: 4
Features\t: fp asimd asimdhp asimddp i8mm
CPU part\t: 0xd47
"""
MEMORY = """\
MemTotal:        3884328 kB
MemFree:          120000 kB
MemAvailable:    3301116 kB
Buffers:           51200 kB
"""

GOOD = Machine(
    python=(3, 11, 2),
    system="Linux",
    architecture="aarch64",
    bits=64,
    cores=4,
    cpu=parse_cpuinfo(PI_5),
    memory=SystemMemory(total=8_000_000_000, available=6_000_000_000),
    packages={
        "ai-edge-litert": Package("2.3.0"),
        "numpy": Package("2.4.6"),
    },
)


def with_packages(machine=GOOD, **packages) -> Machine:
    """The machine with other packages; underscores stand for hyphens, None for not installed."""
    renamed = {name.replace("_", "-"): p or Package(None) for name, p in packages.items()}
    return replace(machine, packages={**machine.packages, **renamed})


def finding(machine: Machine, name: str) -> Diagnosis:
    return next(f for f in examine(machine) if f.name == name)


@pytest.mark.parametrize(
    ("text", "model", "features"),
    [
        (PI_4, "Raspberry Pi 4 Model B Rev 1.4, Cortex-A72", ()),
        (PI_5, "Raspberry Pi 5 Model B Rev 1.0, Cortex-A76", ("dotprod", "fp16")),
        (
            X86,
            "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz",
            ("avx2", "avx512_vnni", "avx_vnni", "amx"),
        ),
        (BIG_LITTLE, "Cortex-A55 + Cortex-A710", ("dotprod", "fp16")),
        ("processor\t: 0\nCPU part\t: 0xfff\nFeatures\t: asimddp\n", "", ("dotprod",)),
        ("", "", None),
        ("no colon\n:\n: :\n", "", None),
    ],
)
def test_cpuinfo_tells_model_and_features(text, model, features):
    assert parse_cpuinfo(text) == Cpu(model, features)


@pytest.mark.parametrize(
    ("text", "memory"),
    [
        (MEMORY, SystemMemory(3_884_328 * 1024, 3_301_116 * 1024)),
        ("MemTotal: 5 kB\n", None),
        ("", None),
        ("MemTotal: many kB\nMemAvailable: 3 kB\n", None),
    ],
)
def test_meminfo_tells_what_a_new_program_can_get(text, memory):
    assert parse_meminfo(text) == memory


def test_a_good_machine_is_all_ok_but_for_the_engine_it_does_not_need():
    findings = examine(GOOD)
    assert can_run(findings)
    not_ok = [f for f in findings if f.status != "ok" and not f.name.startswith("[")]
    assert not_ok == [Diagnosis("tflite-runtime", "missing", "not installed", "not needed")]
    assert all(f.advice == "" for f in findings if f.status == "ok")


@pytest.mark.parametrize(
    ("python", "status"),
    [
        ((3, 9, 18), "warn"),
        ((3, 10, 0), "ok"),
        ((3, 14, 0), "ok"),
        ((3, 15, 0), "warn"),
        ((4, 0, 0), "warn"),
    ],
)
def test_supported_pythons(python, status):
    found = finding(replace(GOOD, python=python), "Python")
    assert found.status == status
    assert ("use Python 3.10 to 3.14" in found.advice) == (status == "warn")


@pytest.mark.parametrize(
    ("text", "status", "found"),
    [
        (PI_4, "warn", "none"),
        (PI_5, "ok", "dotprod, fp16"),
        (X86, "ok", "avx2, avx512_vnni, avx_vnni, amx"),
        ("Features\t: fp asimd asimdhp\n", "warn", "fp16"),
        ("", "ok", "not known on Linux"),
    ],
)
def test_a_processor_without_dot_products_is_slower_and_no_obstacle(text, status, found):
    machine = replace(GOOD, cpu=parse_cpuinfo(text))
    features = finding(machine, "int8 features")
    assert (features.status, features.found) == (status, found)
    assert can_run(examine(machine))


def test_a_32_bit_system_is_told_which_engine_is_left():
    machine = with_packages(replace(GOOD, bits=32, architecture="armv7l"), ai_edge_litert=None)
    assert finding(machine, "system").status == "warn"
    assert "64-bit Raspberry Pi OS" in finding(machine, "system").advice
    assert "no wheels for 32-bit" in finding(machine, "ai-edge-litert").advice
    assert not can_run(examine(machine))
    older = with_packages(machine, tflite_runtime=Package("2.14.0"), numpy=Package("1.24.2"))
    assert can_run(examine(older))


def test_nothing_installed_says_what_to_install():
    machine = with_packages(ai_edge_litert=None, numpy=None)
    for name in ("ai-edge-litert", "numpy"):
        assert finding(machine, name).status == "missing"
        assert finding(machine, name).advice == f"pip install {name}"
    assert finding(machine, "tflite-runtime").advice == "pip install 'edgebert[tflite-runtime]'"
    assert not can_run(examine(machine))


@pytest.mark.parametrize("numpy", ["2.0.0", "2.4.6", "3.0.0rc1"])
def test_tflite_runtime_clashes_with_numpy_2(numpy):
    machine = with_packages(
        ai_edge_litert=None, tflite_runtime=Package("2.14.0"), numpy=Package(numpy)
    )
    found = finding(machine, "tflite-runtime")
    assert found.status == "warn"
    assert 'pip install "numpy<2"' in found.advice
    assert not can_run(examine(machine))


def test_tflite_runtime_is_happy_with_numpy_1():
    machine = with_packages(
        ai_edge_litert=None, tflite_runtime=Package("2.14.0"), numpy=Package("1.26.4")
    )
    assert finding(machine, "tflite-runtime") == Diagnosis("tflite-runtime", "ok", "2.14.0")
    assert can_run(examine(machine))


def test_tflite_runtime_has_nothing_for_python_3_12():
    machine = with_packages(replace(GOOD, python=(3, 12, 1)), ai_edge_litert=None)
    assert "3.11 or older" in finding(machine, "tflite-runtime").advice


@pytest.mark.parametrize("name", ["ai-edge-litert", "numpy"])
def test_a_package_that_does_not_import_counts_as_not_working(name):
    broken = Package("1.0", "ImportError: libfoo.so")
    machine = with_packages(**{name.replace("-", "_"): broken})
    found = finding(machine, name)
    assert found.status == "warn"
    assert "ImportError: libfoo.so" in found.found
    assert "--force-reinstall" in found.advice
    assert not can_run(examine(machine))


def test_little_memory_is_a_warning():
    machine = replace(GOOD, memory=SystemMemory(1_000_000_000, 200_000_000))
    assert finding(machine, "memory").status == "warn"
    assert finding(machine, "memory").found == "200 MB free of 1,000 MB"
    assert finding(replace(GOOD, memory=None), "memory").status == "ok"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Installs a package `frail` whose module does what the test wants when imported."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    info = tmp_path / "frail-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: frail\nVersion: 1.5\n")

    def doing(code: str) -> Package:
        (tmp_path / "frail.py").write_text(code)
        return try_package("frail", "frail")

    return doing


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("", None),
        ("print('hello', end='')", None),
        ("raise ImportError('no lib\\nsecond line')", "ImportError: no lib"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import os; os._exit(7)", "ends Python with status 7"),
        ("import os; os._exit(0)", "ends Python with status 0"),
    ],
)
def test_an_import_is_tried_in_a_process_of_its_own(package, code, error):
    assert package(code) == Package("1.5", error)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
@pytest.mark.parametrize("name", ["SIGSEGV", "SIGILL"])
def test_a_crash_of_the_import_is_named(package, name):
    crash = f"import os, signal; os.kill(os.getpid(), signal.{name})"
    assert package(crash) == Package("1.5", f"crashes ({name})")


def test_an_import_that_hangs_is_given_up(package, monkeypatch):
    monkeypatch.setattr("edgebert.runtime.machine._IMPORT_SECONDS", 0.2)
    assert package("import time; time.sleep(30)").error == "not imported within 0.2 s"


def test_a_package_that_is_not_installed():
    assert try_package("no-such-package-anywhere", "nothing") == Package(None)


def test_a_module_in_the_current_folder_is_not_mistaken_for_the_package(
    package, tmp_path, monkeypatch
):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "frail.py").write_text("raise ImportError('the wrong one')")
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert package("") == Package("1.5")


def test_this_machine_is_examined_without_help():
    findings = {f.name: f for f in examine()}
    assert findings["numpy"].status == "ok"
    assert findings["Python"].found == ".".join(map(str, sys.version_info[:3]))
    if Path("/proc/meminfo").exists():
        assert re.fullmatch(r"[\d,]+ MB free of [\d,]+ MB", findings["memory"].found)


def test_an_extra_that_is_not_there_in_full_is_named_with_what_it_is_for():
    machine = with_packages(filelock=Package("3.12"), rich=Package("15.0"))
    (found,) = (each for each in examine(machine) if each.name == "[cli]")
    assert (found.status, found.advice) == ("missing", "pip install 'edgebert[cli]'")
    assert found.found == "all verbs of the command: not without typer"
    machine = replace(machine, packages={**machine.packages, "typer": Package("0.26")})
    (found,) = (each for each in examine(machine) if each.name == "[cli]")
    assert (found.status, found.found) == ("ok", "all verbs of the command")
