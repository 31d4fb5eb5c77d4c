"""Measuring processes that refuse, crash or leave their pipe open."""

import sys
from pathlib import Path

import pytest

from edgebert.benchmarking.process import WORKER, Process
from edgebert.benchmarking.setting import Setting
from edgebert.errors import EdgebertError

TEXTS = [("Where is my card?", None)]


def program(code):
    return (sys.executable, "-c", code)


def setting(path="x.tflite", **options):
    return Setting(str(path), "auto", 1, options.pop("cores", None), TEXTS, **options)


def test_a_setting_survives_its_journey():
    line = setting(cores=[0, 1], cache="c").to_line()
    assert line.count("\n") == 1
    assert Setting.from_line(line).to_line() == line


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "import sys; sys.exit('it is broken')",
            "name: its process ended with status 1: it is broken",
        ),
        ("import os; os.kill(os.getpid(), 11)", "name: its process ended with SIGSEGV$"),
        ("import os; os.kill(os.getpid(), 9)", "with SIGKILL; is there enough memory"),
        ("", "name: its process ended with status 0"),
        ('print(\'{"error": "not this one"}\')', "name: not this one"),
    ],
)
def test_how_a_process_ended_is_told_in_one_line(code, message):
    with pytest.raises(EdgebertError, match=message):
        Process(program(code), setting(), "name")


def test_a_process_that_ends_between_two_requests():
    with Process(program("print('{}', flush=True)"), setting(), "name") as process:
        assert process.started == {}
        with pytest.raises(EdgebertError, match="name: its process ended with status 0"):
            process.ask("round", seconds=1)


def test_a_real_worker(classifier):
    with Process(WORKER, setting(classifier), "name") as process:
        assert process.started["cold"]["load_ms"] > 0
        assert len(process.ask("round", seconds=0)["total"]) == 1
        assert process.ask("answers", seconds=0) == {"count": 1}
        assert process.ask("peak")["resident"] > 1_000_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"path": "none.tflite"}, "name: none.tflite: no such file"),
        ({"cores": [4000]}, r"name: cores \[4000\]: not allowed here"),
    ],
)
def test_a_worker_that_refuses_says_why(change, message):
    if sys.platform != "linux":
        pytest.skip("needs Linux")
    with pytest.raises(EdgebertError, match=message):
        Process(WORKER, setting(**change), "name")


def test_what_a_library_prints_does_not_disturb(classifier):
    code = (
        "import sys, os\n"
        "from edgebert.benchmarking.worker_protocol import serve\n"
        "def work(setting, send):\n"
        "    os.write(1, b'chatter')\n"
        "    print('chatter', flush=True)\n"
        "    send({'model': setting.model})\n"
        "sys.exit(serve(work))"
    )
    with Process(program(code), setting(classifier), "name") as process:
        assert process.started == {"model": str(classifier)}


def test_the_memory_a_worker_tells_is_what_the_kernel_says_of_it(classifier):
    if not Path("/proc/self/smaps").exists():
        pytest.skip("needs Linux's /proc")
    with Process(WORKER, setting(classifier), "name") as process:
        memory = process.started["memory"]
        smaps = Path(f"/proc/{process._child.pid}/smaps").read_text().splitlines()
    sizes = dict.fromkeys(("Rss", "Anonymous"), 0)
    for line in smaps:
        name, _, value = line.partition(":")
        if name in sizes:
            sizes[name] += 1024 * int(value.split()[0])
    assert memory["first"]["resident"] == pytest.approx(sizes["Rss"], rel=0.05)
    assert memory["first"]["private"] == pytest.approx(sizes["Anonymous"], rel=0.05)


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="needs Linux's /proc")
def test_the_memory_a_worker_tells_is_what_its_smaps_says_from_outside(classifier):
    with Process(WORKER, setting(classifier), "name") as process:
        memory = process.started["memory"]["first"]
        smaps = Path(f"/proc/{process._child.pid}/smaps").read_text().split("\n")
    sums = {
        name: 1024 * sum(int(line.split()[1]) for line in smaps if line.startswith(f"{name}:"))
        for name in ("Rss", "Anonymous", "Shared_Clean", "Shared_Dirty")
    }
    assert memory["resident"] == pytest.approx(sums["Rss"], rel=0.05)
    assert memory["private"] == pytest.approx(sums["Anonymous"], rel=0.05)
    shared = sums["Shared_Clean"] + sums["Shared_Dirty"]
    assert memory["shared"] == pytest.approx(shared, rel=0.05)
