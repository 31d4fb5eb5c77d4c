import pytest

from tools.devices.emulated_pi.count import Count, count, table
from tools.devices.emulated_pi.guest import EMPTY


class FakePi:
    """An emulated Pi that has already run."""

    def __init__(self, cache, printed, status=0):
        self.cache = cache
        self.printed = printed
        self.returncode = status

    def site(self, *packages):
        return self.cache

    def run(self, board, arguments, *, sites, plugin):
        self.arguments = arguments
        self.stderr = self.printed
        return self


@pytest.fixture
def ran(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.devices.emulated_pi.count.build_plugin", lambda cache: cache)
    return lambda printed, status=0: FakePi(tmp_path, printed, status)


def marks(number, *executed):
    return "".join(f"icount {number} {n}\n" for n in executed)


def test_a_count_is_the_least_of_the_calls_less_what_marking_costs(ran, tmp_path):
    printed = marks(EMPTY, 0, 10, 20) + "a warning\n" + marks(16, 100, 1_110, 2_170)
    counts = count(ran(printed), "pi5", tmp_path / "m.tflite", [16])
    assert [c.instructions for c in counts] == [1_000]


def test_a_model_that_does_not_run_is_an_error_with_what_it_printed(ran, tmp_path):
    with pytest.raises(RuntimeError, match="exit status 1\nno such op"):
        count(ran("no such op", 1), "pi5", tmp_path / "m.tflite", [16])


def test_the_table_puts_each_model_beside_the_first():
    counts = [Count("pi5", "a", 16, 2_000_000), Count("pi5", "b", 16, 3_000_000)]
    assert table(counts).splitlines()[1].split() == ["pi5", "16", "2.000", "3.000", "(1.50x)"]
