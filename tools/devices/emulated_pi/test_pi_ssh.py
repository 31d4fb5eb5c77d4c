"""`edgebert benchmark --device ssh://…` against a whole emulated Raspberry Pi.

`make test-pi-ssh` runs this; it takes some minutes.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess

import pytest

from edgebert.benchmarking.devices.address import DeviceOptions, parse_ssh
from edgebert.benchmarking.devices.ssh import SshDevice
from edgebert.benchmarking.job import BenchmarkJob, JobModel
from edgebert.bert.weights import encoder_shapes
from edgebert.errors import EdgebertError
from edgebert.files import sha256_of
from tools.devices.emulated_pi.root import EmulatedPi, default_cache
from tools.devices.emulated_pi.vm import PROGRAMS, EmulatedMachine
from tools.fixtures.random_weights import convert_drawn, draw_checkpoint, find_size

PYTHON = "/usr/bin/python3"

if _missing := [program for program in PROGRAMS if not shutil.which(program)]:
    pytest.exit(
        f"{', '.join(_missing)} not found; on Debian: apt-get install "
        "qemu-system-arm qemu-user cpio openssh-client",
        2,
    )


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """One core; its clock advances with the instructions it executes."""
    pi = EmulatedPi(default_cache())
    folder = tmp_path_factory.mktemp("machine")
    with EmulatedMachine(pi, folder, instruction_clock=True) as running:
        yield running


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """A 2/128, large enough that what Python does around it is no more than noise."""
    folder = tmp_path_factory.mktemp("model")
    names = [*encoder_shapes(find_size("2/128").config), "pooler.weight", "pooler.bias"]
    moments = {n: {"mean": float(n.endswith("norm.weight")), "std": 0.05} for n in names}
    statistics = folder / "statistics.json"
    statistics.write_text(json.dumps({"bert_uncased_L-2_H-128_A-2": {"tensors": moments}}))
    path = folder / "tiny.tflite"
    convert_drawn(draw_checkpoint("2/128", statistics), path)
    return BenchmarkJob(
        models=(JobModel(str(path), sha256_of(path), "tiny"),),
        lengths=(16, 64),
        rounds=3,
        processes=1,
    )


def device_on(machine, user="root", python=PYTHON):
    address = parse_ssh(f"ssh://{user}@127.0.0.1:{machine.port}")
    return SshDevice(address, DeviceOptions(python, None, machine.config))


def test_a_whole_report_comes_back_and_a_second_one_is_the_same(machine, job):
    with device_on(machine) as device:
        first, second = device.run(job), device.run(job)
    assert first.facts.cpu == "Cortex-A76"
    assert "dotprod" in first.facts.features
    assert len(first.runs) == 3
    assert all(run.stats and run.memory.first.resident for run in first.runs)
    for run, again in zip(first.runs, second.runs, strict=True):
        assert run.input == again.input
        assert again.stats.p50 == pytest.approx(run.stats.p50, rel=0.01)


def test_a_connection_cut_in_the_middle_is_made_again(machine, job):
    def cut(done, total, what):
        if not cuts and done:
            cuts.append(what)
            clients = subprocess.run(["pgrep", "-f", str(machine.config)], capture_output=True)
            for pid in clients.stdout.split():
                os.kill(int(pid), signal.SIGKILL)

    cuts = []
    with device_on(machine) as device:
        assert len(device.run(job, cut).runs) == 3
    assert cuts


def test_a_full_disk_there_is_one_line(machine, job):
    with device_on(machine, "full") as device, pytest.raises(EdgebertError) as caught:
        device.run(job)
    assert "disk is full; make room" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_python_that_cannot_make_environments_is_one_line(machine, job):
    with (
        device_on(machine, python=None) as device,
        pytest.raises(EdgebertError, match="sudo apt install python3-venv"),
    ):
        device.run(job)
