"""The guide of docs/tutorials/raspberry_pi.md on a whole emulated Raspberry Pi, command by command.

`make test-pi-guide` runs this; half an hour on two cores. pip finds the wheels that a Pi gets, and
that of this repository, in a folder, since the machine reaches no network.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import edgebert
from tools.devices.emulated_pi.root import EmulatedPi, default_cache
from tools.devices.emulated_pi.vm import PROGRAMS, EmulatedSystem

REPOSITORY = Path(__file__).parents[3]
GUIDE = (REPOSITORY / "docs/tutorials/raspberry_pi.md").read_text(encoding="utf-8")
MODEL = REPOSITORY / "edgebert/data/intents.tflite"
OTHER = REPOSITORY / "tests/data/reference/hf_classifier_2x32"
ASK = """curl --silent localhost:8765/models/model -d '{"text": "I lost my card"}'"""
RETRY = "--retry 30 --retry-connrefused"
REPLACE = "sudo install -m 644 {} /opt/models/model.tflite"
HEALTH = "curl --silent localhost:8765/health"

if _missing := [program for program in PROGRAMS if not shutil.which(program)]:
    pytest.exit(
        f"{', '.join(_missing)} not found; on Debian: apt-get install "
        "qemu-system-arm qemu-user cpio openssh-client",
        2,
    )


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.M | re.S)


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A Pi to which its owner has copied what the guide says."""
    folder = tmp_path_factory.mktemp("machine")
    pi, wheels = EmulatedPi(default_cache()), folder / "wheels"
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, REPOSITORY],
        check=True,
    )
    pi.wheels(wheels, f"{next(folder.glob('edgebert-*.whl'))}[serve]")
    with EmulatedSystem(pi, folder, wheels) as running:
        (script,) = blocks("sh")
        run(running, "cat > heard.sh", script.encode())
        run(running, "cat > model.tflite", MODEL.read_bytes())
        yield running


def run(machine, command, given=b""):
    result = machine.ssh(command, given)
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout.decode()


def test_the_commands_of_the_guide_do_what_it_says(machine):
    for block in blocks("console"):
        told = ""
        for line in block.splitlines():
            if line.startswith("$ "):
                told = run(machine, line[2:])
            else:
                assert line in told.splitlines()


def test_the_service_comes_back_when_it_is_killed(machine):
    pid = "systemctl show --property MainPID --value edgebert"
    before = run(machine, f"sudo {pid}")
    run(machine, "sudo systemctl kill --signal KILL edgebert; sleep 2")
    assert "lost_or_stolen_card" in run(machine, ASK.replace("--silent", f"--silent {RETRY}"))
    assert run(machine, f"sudo {pid}") not in (before, "0\n")


def test_the_service_answers_with_a_full_disk_and_starts_there(machine):
    run(machine, "! sudo sh -c 'cat /dev/zero > /full'")
    try:
        assert "lost_or_stolen_card" in run(machine, ASK)
        run(machine, "sudo systemctl restart edgebert")
        assert "lost_or_stolen_card" in run(machine, ASK.replace("--silent", f"--silent {RETRY}"))
    finally:
        run(machine, "sudo rm /full")


def test_a_damaged_model_is_not_used_and_a_whole_one_is(machine):
    run(machine, "head -c 500000 model.tflite > damaged.tflite")
    run(machine, REPLACE.format("damaged.tflite"))
    assert "lost_or_stolen_card" in run(machine, ASK)
    assert "degraded" in run(machine, HEALTH)
    run(machine, REPLACE.format("model.tflite"))
    assert "lost_or_stolen_card" in run(machine, ASK)
    assert "degraded" not in run(machine, HEALTH)


def test_another_model_under_the_same_name_answers_without_a_restart(machine, tmp_path):
    edgebert.convert(OTHER, tmp_path / "other.tflite")
    with edgebert.load(tmp_path / "other.tflite") as model:
        expected = f'"label":"{model.classify("I lost my card").label}"'
    pid = run(machine, "sudo systemctl show --property MainPID --value edgebert")
    run(machine, "cat > other.tflite", (tmp_path / "other.tflite").read_bytes())
    run(machine, REPLACE.format("other.tflite"))
    assert expected in run(machine, ASK)
    run(machine, REPLACE.format("model.tflite"))
    assert '"label":"lost_or_stolen_card"' in run(machine, ASK)
    assert run(machine, "sudo systemctl show --property MainPID --value edgebert") == pid
