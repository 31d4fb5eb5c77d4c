"""Which cores a run is kept on."""

import pytest

from edgebert.benchmarking.cores import choose_cores, clock_mhz, read_cores, show
from edgebert.errors import EdgebertError
from tests.benchmarking.machines import LAPTOP, PHONE, PI4, machine


@pytest.mark.parametrize(
    ("files", "wanted", "chosen"),
    [
        (PHONE, "little", (0, 1, 2, 3)),
        (PHONE, "big", (7,)),
        (LAPTOP, "big", (0, 1)),
        (LAPTOP, "little", (2, 3)),
        (PI4, "0-2", (0, 1, 2)),
        (PI4, "3,0-1,1", (0, 1, 3)),
    ],
)
def test_cores_by_kind_and_by_number(tmp_path, files, wanted, chosen):
    assert choose_cores(wanted, read_cores(machine(tmp_path, files))) == chosen


@pytest.mark.parametrize(
    ("files", "wanted", "message"),
    [
        (PI4, "big", "all cores here are alike or unknown; give numbers such as 0-3"),
        (PI4, "0-4", "no core 4 here; there are 0-3"),
        (PHONE, "6", "no core 6 here; there are 0-5,7"),  # switched off
        (PI4, "fast", "give big, little or numbers such as 0-3,6"),
        (PI4, "", "give big, little or numbers"),
        (PI4, "2-1", "no core is named"),
        (PI4, "0-99999", "give big, little or numbers"),
    ],
)
def test_wrong_cores_are_one_line(tmp_path, files, wanted, message):
    with pytest.raises(EdgebertError, match=message):
        choose_cores(wanted, read_cores(machine(tmp_path, files)))


def test_the_clock_of_some_cores(tmp_path):
    system = machine(tmp_path, PHONE)
    assert clock_mhz(system, [0, 7]) == 2600.0
    assert clock_mhz(system, [7]) == 3200.0


def test_the_clock_of_some_cores_where_only_cpuinfo_tells(tmp_path):
    block = "processor\t: {}\nmodel name\t: a processor\ncpu MHz\t\t: {}\nflags\t\t: fpu\n\n"
    clocks = [1000.0, 2000.0, 3000.0, 4000.0]
    text = "".join(block.format(*each) for each in enumerate(clocks))
    system = machine(tmp_path, {"proc/cpuinfo": text})
    assert clock_mhz(system) == 2500.0
    assert clock_mhz(system, [1, 3]) == 3000.0
    assert clock_mhz(system, [4]) is None


@pytest.mark.parametrize(
    ("cores", "shown"), [((), ""), ((3,), "3"), ((2, 0, 1), "0-2"), ((0, 2, 3, 6), "0,2-3,6")]
)
def test_core_numbers_in_short(cores, shown):
    assert show(cores) == shown
