"""Energy by counters and by gauges, on machines that tell it and on others."""

import itertools

import pytest

from edgebert.benchmarking.energy import Gauge, battery_watts, find_meter, pmic_watts
from tests.benchmarking.machines import LAPTOP, PHONE, PI4, PI5, PI5_COMMANDS, machine

COUNTER = "sys/class/powercap/intel-rapl:0/energy_uj"


def test_a_counter_of_microjoules(tmp_path):
    meter = find_meter(machine(tmp_path, LAPTOP))
    meter.start()
    machine(tmp_path, {COUNTER: "3500000"})
    assert meter.stop() == pytest.approx(2.5)
    assert meter.source == "processor packages, by RAPL"


def test_a_counter_that_began_anew(tmp_path):
    meter = find_meter(machine(tmp_path, {**LAPTOP, COUNTER: "262143328850"}))
    meter.start()
    machine(tmp_path, {COUNTER: "1000000"})
    assert meter.stop() == pytest.approx(1.0)


def test_a_counter_that_stops_telling(tmp_path):
    meter = find_meter(machine(tmp_path, LAPTOP))
    meter.start()
    (tmp_path / COUNTER).unlink()
    assert meter.stop() is None


def rapl(number, name, energy):
    folder = f"sys/class/powercap/intel-rapl:{number}"
    span = {f"{folder}/max_energy_range_uj": "262143328850"}
    return {f"{folder}/name": f"{name}\n", f"{folder}/energy_uj": str(energy), **span}


def test_only_packages_are_counted_as_other_zones_are_in_them_or_around_them(tmp_path):
    zones = {"0": "package-0", "0:0": "core", "1": "psys", "2": "package-1", "2:0": "dram"}
    files = [rapl(number, name, 0) for number, name in zones.items()]
    meter = find_meter(machine(tmp_path, {k: v for each in files for k, v in each.items()}))
    meter.start()
    for number, name in zones.items():
        machine(tmp_path, rapl(number, name, 2_000_000))
    assert meter.stop() == pytest.approx(4.0)


def test_the_whole_platform_alone_is_no_counter_of_processors(tmp_path):
    assert find_meter(machine(tmp_path, rapl("1", "psys", 0))) is None


def test_the_pi_5_adds_up_the_rails_it_measures_both_ways(tmp_path):
    system = machine(tmp_path, PI5, PI5_COMMANDS)
    assert pmic_watts(system) == pytest.approx(0.1 * 3.7 + 2.0 * 0.8)
    assert "PMIC" in find_meter(system).source


def test_a_phone_tells_by_its_battery_while_it_discharges(tmp_path):
    system = machine(tmp_path, PHONE)
    assert battery_watts(system) == pytest.approx(1.8)
    assert "battery" in find_meter(system).source
    machine(tmp_path, {"sys/class/power_supply/battery/status": "Charging"})
    assert battery_watts(system) is None


def test_a_pi_4_cannot_tell(tmp_path):
    assert find_meter(machine(tmp_path, PI4)) is None


def test_a_gauge_takes_its_mean_for_the_whole_time():
    watts = itertools.chain([2.0], itertools.repeat(2.0))
    seconds = iter([10.0, 13.0])
    gauge = Gauge("test", lambda: next(watts), clock=lambda: next(seconds))
    gauge.start()
    assert gauge.stop() == pytest.approx(6.0)


def test_a_gauge_that_saw_nothing_says_nothing():
    gauge = Gauge("test", lambda: None)
    gauge.start()
    assert gauge.stop() is None
