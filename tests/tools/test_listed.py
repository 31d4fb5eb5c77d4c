"""Every tool has a line in tools/README.md, and what pages and the Makefile name is there."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / "tools"
CALLED = re.compile(r"-m (tools(?:\.\w+)+)")
NAMED = re.compile(r"`((?:tools|tests|edgebert)/[\w/]+\.py)`")


def tracked(*patterns):
    listed = subprocess.run(
        ["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("no git repository here")
    return [ROOT / name for name in listed.stdout.splitlines()]


def test_every_tool_has_a_line():
    page = (TOOLS / "README.md").read_text()
    for group in ("fixtures", "studies", "checks", "devices", "docs"):
        (part,) = re.findall(rf"^## {group}$(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
        rows = {name.strip("/") for name in re.findall(r"`([\w/]+)`", part)}
        there = {path.relative_to(TOOLS / group).parts[0] for path in tracked(f"tools/{group}")}
        missing = {name.removesuffix(".py") for name in there} - rows - {"__init__"}
        assert not missing, group


def test_what_pages_and_the_makefile_name_is_there():
    found = 0
    for page in tracked("*.md", "Makefile", "tools/*.py"):
        text = page.read_text()
        for module in CALLED.findall(text):
            path = ROOT / module.replace(".", "/")
            assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), page
            found += 1
        for name in NAMED.findall(text):
            assert (ROOT / name).is_file(), page
    assert found > 30
