"""The documentation builds as a site, strictly, and loads nothing from elsewhere."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import edgebert
from tests.chromium import PROGRAM, chromium

pytest.importorskip("material", reason="pip install 'edgebert[docs]'")

ROOT = Path(__file__).parents[1]
SHOWN = ("index", "reference/python", "reference/record", "cli", "latency")
_LOADS = re.compile(r"url\((?:https?:)?//|@import\s+['\"](?:https?:)?//")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site."""
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    return folder


class Loaded(HTMLParser):
    """Addresses that a page loads by itself; links for a reader to follow do not count."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            is_link = tag == "a" or (tag == "link" and ("rel", "canonical") in attrs)
            if name in ("src", "href", "srcset", "data") and not is_link and value:
                self.found.append(value)


def test_pages_load_nothing_from_elsewhere(site):
    for page in site.rglob("*.html"):
        loaded = Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        assert loaded.found, page
        outside = [each for each in loaded.found if re.match(r"(https?:)?//", each)]
        assert not outside, page
    for sheet in site.rglob("*.css"):
        assert not _LOADS.search(sheet.read_text(encoding="utf-8")), sheet


def test_the_python_reference_has_every_public_name(site):
    page = (site / "reference/python.html").read_text(encoding="utf-8")
    for name, home in edgebert._HOMES.items():
        assert f'id="{home}.{name}"' in page, name


def test_the_reference_of_a_file_has_every_field_of_its_record(site):
    from dataclasses import fields

    from edgebert.model_file.record import Record

    page = (site / "reference/record.html").read_text(encoding="utf-8")
    for field in fields(Record):
        assert f"<td><code>{field.name}</code></td>" in page


def test_pages_are_called_by_their_titles_and_not_by_their_files(site):
    for page in site.rglob("*.html"):
        names = re.findall(r"<a href=[^>]*>([\w/]+\.md)\b", page.read_text(encoding="utf-8"))
        assert not names, page
    assert '<a href="performance.html">Figures</a>' in (site / "latency.html").read_text()


@pytest.mark.skipif(not PROGRAM, reason="no Chromium")
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_fit_their_window_and_ask_for_nothing(site, width, tmp_path):
    with chromium(tmp_path) as browser:
        for name in SHOWN:
            page = browser.open(site / f"{name}.html", width)
            assert page.run("document.documentElement.scrollWidth") <= width, name
            assert not [each for each in page.problems if "asks for data:" not in each], name
