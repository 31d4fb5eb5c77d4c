"""The page of the package on an index is README, with links that lead somewhere from there."""

import re
import shutil
from pathlib import Path

import pytest

pytest.importorskip("hatchling", reason="pip install hatchling")

from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager

from tools.devices.android_apk import aar

ROOT = Path(__file__).parents[1]
HOME = "https://example.org/someone/edgebert"
_TARGET = re.compile(r'(?:\]\(|src=")([^)"]+)')


@pytest.fixture
def page(tmp_path):
    """Gives the page of a project with this home page."""

    def built(home):
        for name in ("README.md", "LICENSE", "hatch_build.py", "edgebert/version.py"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
        project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        project = re.sub(r"^Homepage = .*\n", "", project, flags=re.M)
        line = f'Homepage = "{home}"\n' if home else ""
        project = project.replace("[project.urls]\n", f"[project.urls]\n{line}")
        (tmp_path / "pyproject.toml").write_text(project, encoding="utf-8")
        return ProjectMetadata(str(tmp_path), PluginManager()).core

    return built


def test_with_a_home_page_every_link_leads_there(page, tmp_path, monkeypatch):
    found = page(HOME)
    targets = _TARGET.findall(found.readme)
    assert len(targets) > 10
    for target in targets:
        kind, path = re.fullmatch(rf"{HOME}/(raw|blob)/HEAD/(.+)", target).groups()
        assert (ROOT / path).exists()
        assert (kind == "raw") == path.endswith(".png")
    assert found.urls == {"Homepage": HOME}
    monkeypatch.setattr(aar, "PROJECT", tmp_path / "android_demo")
    assert aar.home_page() == HOME


def test_without_one_it_is_the_readme_as_it_stands(page):
    found = page(None)
    assert found.readme == (ROOT / "README.md").read_text(encoding="utf-8")
    assert found.urls == {}


def test_gradle_reads_the_same_line():
    build = (ROOT / "android_demo/build.gradle.kts").read_text(encoding="utf-8")
    assert '"^Homepage = \\"(.+)\\"$"' in build
    assert 'resolveSibling("pyproject.toml")' in build
