"""Every command and every example of the README and the docs runs as it stands."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
ON_A_PI = ROOT / "docs/tutorials/raspberry_pi.md"
"""Its commands run on an emulated Raspberry Pi: tools/devices/emulated_pi/test_pi_guide.py."""


def blocks(language):
    for page in PAGES:
        if page == ON_A_PI:
            continue
        found = re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.M | re.S)
        if found and page.parent.name == "tutorials" and language == "console":
            found = ["".join(found)]  # a tutorial goes on with what it has made
        for number, block in enumerate(found):
            yield pytest.param(block, id=f"{page.name}-{number}")


@pytest.fixture
def folder(tmp_path):
    """A folder that looks like a fresh clone to the commands of the docs."""
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / "android_demo").symlink_to(ROOT / "android_demo")
    return tmp_path


@pytest.mark.parametrize("block", list(blocks("console")))
def test_commands_run(block, folder):
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    assert commands, "a console block needs lines that begin with $"
    program = folder / "bin" / "edgebert"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m edgebert "$@"\n')
    program.chmod(0o755)
    for command in commands:
        result = subprocess.run(
            ["sh", "-c", command],
            cwd=folder,
            env={"PATH": f"{program.parent}:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": "."},
            capture_output=True,
            text=True,
        )
        assert result.returncode == 0, f"{command}\n{result.stderr}"


def answers():
    """Questions that the docs ask the model that ships, with the answer printed beneath."""
    pattern = re.compile(r"^\$ edgebert (run intents .+)\n(.+)\t(.+)\t(.+)$", re.M)
    for page in PAGES:
        for number, (command, *answer) in enumerate(pattern.findall(page.read_text())):
            yield pytest.param(shlex.split(command), answer, id=f"{page.name}-{number}")


@pytest.mark.parametrize(("command", "answer"), list(answers()))
def test_answers_in_the_docs_are_those_of_the_model_that_ships(command, answer):
    result = subprocess.run(
        [sys.executable, "-m", "edgebert", *command], cwd=ROOT, capture_output=True, text=True
    )
    label, score, text = result.stdout.rstrip("\n").split("\t")
    assert [label, text] == [answer[0], answer[2]]
    # Processors round differently.
    assert float(score) == pytest.approx(float(answer[1]), abs=0.01)


@pytest.mark.parametrize("block", list(blocks("python")))
def test_examples_run(block, folder):
    result = subprocess.run(
        [sys.executable, "-c", block],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_make_targets_of_the_readme_exist():
    makefile = (ROOT / "Makefile").read_text()
    for page in PAGES:
        for target in re.findall(r"(?:^    |`)make ([a-z-]+)\b", page.read_text(), re.M):
            assert re.search(rf"^{target}:", makefile, re.M), f"{page.name}: make {target}"


def test_continuous_integration_runs_the_test_command_of_the_readme():
    assert "\n    make test\n" in (ROOT / "README.md").read_text()
    assert "\nmake test\n" in (ROOT / ".ci" / "run").read_text()
    assert shutil.which("make")


def test_the_command_reference_is_up_to_date():
    from tools.docs.make_cli_reference import reference

    assert (ROOT / "docs" / "cli.md").read_text() == reference(), "run: make docs"
