"""Facts and states of a Pi 4, a Pi 5, a laptop and a phone, from files like theirs."""

import pytest

from edgebert.benchmarking.facts import busy_note, read_facts, read_state, read_temperature
from edgebert.benchmarking.result import Core
from edgebert.benchmarking.system import System, run_command
from edgebert.benchmarking.throttling import happened, read_throttling
from tests.benchmarking.machines import LAPTOP, PHONE, PI4, PI5, PI5_COMMANDS, machine


def facts(system, throttled=None):
    state = read_state(system)
    return read_facts(system, state, state, throttled)


def test_a_pi_4(tmp_path):
    found = facts(machine(tmp_path, PI4))
    assert found.board == "Raspberry Pi 4 Model B Rev 1.4"
    assert found.cpu == "Cortex-A72"
    assert found.features == ()
    assert found.cores == tuple(Core(i, 0, 1800.0) for i in range(4))
    assert found.governor == "ondemand"
    assert found.clock_mhz_before == 600.0
    assert found.temperature_c_after == 48.199
    assert found.memory_bytes == 3_884_308 * 1024
    assert found.os.startswith("Linux 6.6.31+rpt-rpi-v8 ")
    assert found.os.endswith(", Debian GNU/Linux 12 (bookworm)")
    assert found.power is None
    assert found.notes == (
        "governor is ondemand, not performance: clocks may be lower than they could be",
    )


def test_a_pi_5(tmp_path):
    found = facts(machine(tmp_path, PI5, PI5_COMMANDS), throttled=True)
    assert found.cpu == "Cortex-A76"
    assert found.features == ("dotprod", "fp16")
    assert found.notes == (
        "slowed itself down (too hot, or too little power); such rounds are left out",
    )


def test_a_laptop_on_battery(tmp_path):
    system = machine(tmp_path, LAPTOP)
    found = facts(system)
    assert found.board == "LENOVO ThinkPad"
    assert found.cpu == "12th Gen Intel(R) Core(TM)"
    assert [core.cluster for core in found.cores] == [1, 1, 0, 0]
    assert found.temperature_c_before == 61.0
    assert found.power == "battery"
    assert "runs on battery" in found.notes
    assert "load 5.50 on 4 cores" in busy_note(system)


def test_a_phone(tmp_path):
    found = facts(machine(tmp_path, PHONE))
    assert found.cpu == "Cortex-A510 + Cortex-A710"
    assert found.features == ("dotprod", "i8mm", "fp16")
    assert [(core.id, core.cluster) for core in found.cores] == [
        (0, 0), (1, 0), (2, 0), (3, 0), (4, 1), (5, 1), (7, 2),
    ]  # fmt: skip
    assert found.temperature_c_before == 55.3
    assert found.power == "battery"


def test_mains_and_no_battery(tmp_path):
    files = {"sys/class/power_supply/AC/type": "Mains", "sys/class/power_supply/AC/online": "1"}
    assert facts(machine(tmp_path, files)).power == "mains"


def test_a_machine_that_tells_nothing(tmp_path):
    found = facts(machine(tmp_path, {}))
    assert (found.board, found.cpu, found.features, found.cores) == (None, None, None, ())
    assert (found.governor, found.clock_mhz_before, found.memory_bytes) == (None, None, None)
    assert found.python
    assert found.notes == ()
    assert busy_note(machine(tmp_path, {})) is None
    assert read_temperature(machine(tmp_path, {})) is None


def test_a_quiet_machine_is_not_called_busy(tmp_path):
    assert busy_note(machine(tmp_path, PI4)) is None


def test_a_virtual_machine_is_noted(tmp_path):
    cpuinfo = "processor\t: 0\nmodel name\t: X\nflags\t\t: fpu hypervisor avx2\n"
    found = facts(machine(tmp_path, {"proc/cpuinfo": cpuinfo}))
    assert found.notes == ("a virtual machine: its neighbours take part of it",)


def test_clocks_without_cpufreq(tmp_path):
    cpuinfo = "processor\t: 0\ncpu MHz\t\t: 900.0\n\nprocessor\t: 1\ncpu MHz\t\t: 1100.5\n"
    system = machine(tmp_path, {"proc/cpuinfo": cpuinfo})
    assert read_state(system).clock_mhz == 1000.2


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("0x0", "0x0", False),
        ("0x50000", "0x50000", False),  # it did since boot, but not now
        ("0x0", "0x4", True),
        ("0x0", "0x40000", True),  # it did in between
        ("0x50005", "0x50000", True),
    ],
)
def test_throttling_by_the_pis_firmware(tmp_path, before, after, expected):
    looks = [
        read_throttling(machine(tmp_path, {}, {"vcgencmd get_throttled": f"throttled={value}\n"}))
        for value in (before, after)
    ]
    assert happened(*looks) is expected


def test_throttling_by_the_pis_file(tmp_path):
    before = read_throttling(machine(tmp_path, PI4))
    name = "sys/devices/platform/soc/soc:firmware/get_throttled"
    after = read_throttling(machine(tmp_path, {name: "60006\n"}))
    assert (before.pi, after.pi) == (0, 0x60006)
    assert happened(before, before) is False
    assert happened(before, after) is True


def test_throttling_by_the_counts_of_x86(tmp_path):
    before = read_throttling(machine(tmp_path, LAPTOP))
    name = "sys/devices/system/cpu/cpu2/thermal_throttle/core_throttle_count"
    after = read_throttling(machine(tmp_path, {name: "4\n"}))
    assert happened(before, before) is False
    assert happened(before, after) is True


def test_throttling_by_cooling_of_the_processor_alone(tmp_path):
    hot = read_throttling(machine(tmp_path, PHONE))
    assert happened(hot, hot) is True
    cool = {"sys/class/thermal/cooling_device0/cur_state": "0\n"}
    look = read_throttling(machine(tmp_path, cool))
    assert happened(look, look) is False


def test_throttling_is_not_known_without_any_sign(tmp_path):
    look = read_throttling(machine(tmp_path, {}))
    assert happened(look, look) is None


def test_commands_that_fail_or_are_missing_print_nothing():
    assert run_command(["sh", "-c", "echo found"]) == "found\n"
    assert run_command(["sh", "-c", "echo found; exit 3"]) == ""
    assert run_command(["no-such-command-at-all"]) == ""


def test_files_that_are_no_numbers_read_as_none(tmp_path):
    system = machine(tmp_path, {"sys/a": "12\n", "sys/b": "?\n"})
    assert (system.number("sys/a"), system.number("sys/b"), system.number("sys/c")) == (
        12, None, None,
    )  # fmt: skip
    assert System(tmp_path / "nowhere").find("sys/*") == []
