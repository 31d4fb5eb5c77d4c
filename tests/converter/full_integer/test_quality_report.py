"""The quantisation report: as a page, as JSON, as tables."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO

import pytest
from rich.console import Console

from edgebert.converter.full_integer.quality import QuantizationReport, StepQuality
from edgebert.converter.full_integer.quality_file import check_path, write
from edgebert.converter.full_integer.quality_page import to_html
from edgebert.converter.full_integer.quality_terminal import print_quality
from edgebert.errors import EdgebertError
from tests.chromium import PROGRAM, chromium
from tests.converter.full_integer.qualities import STEPS, sample, step, value

HOSTILE = "<script>alert(1)</script>\x1b[31m"
WIDTHS = (1280, 390)


class Cells(HTMLParser):
    """The cells of every table, row by row."""

    def __init__(self, page):
        super().__init__()
        self.tables = []
        self._in_cell = False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("th", "td"):
            self.tables[-1][-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag):
        self._in_cell = self._in_cell and tag not in ("th", "td")

    def handle_data(self, data):
        if self._in_cell:
            self.tables[-1][-1][-1] += data


def test_the_page_has_every_value_after_every_step():
    report = sample()
    *_, every = Cells(to_html(report, "mini")).tables
    heading, *rows = every
    assert heading[3:10] == [f"cosine, {name}" for name in STEPS]
    assert [row[0] for row in rows] == [each.name for each in report.steps[-1].values]
    for at, row in enumerate(rows):
        assert row[3:10] == [f"{each.values[at].cosine:.4f}" for each in report.steps]


def test_the_worst_values_are_listed_by_their_cosine_and_the_widest_by_their_range():
    report = sample()
    _, worst, widest, _ = Cells(to_html(report, "mini")).tables
    cosines = [float(row[-1]) for row in worst[1:]]
    assert cosines == sorted(cosines)
    assert cosines[0] == round(min(each.cosine for each in report.steps[-1].values), 4)
    ranges = [float(row[-1]) for row in widest[1:]]
    assert ranges == sorted(ranges, reverse=True)
    assert len(ranges) == 12


def test_a_value_that_a_step_has_not_is_left_open():
    first = step(0, 1)
    last = step(1, 1)
    last = replace(last, values=(*last.values, value("new", cosine=0.5)))
    *_, every = Cells(to_html(QuantizationReport((first, last), {}), "mini")).tables
    assert every[-1][:5] == ["new", "MUL", "int8", "–", "0.5000"]


def test_names_cannot_play_with_the_page():
    hostile = StepQuality(HOSTILE, 0.9, 0.8, (value(HOSTILE), value(op=HOSTILE, cosine=1.0)))
    page = to_html(QuantizationReport((hostile,), {}), HOSTILE)
    assert "<script>alert" not in page
    assert "\x1b" not in page


def test_json_has_all_figures_and_ranges(tmp_path):
    report = sample(2)
    write(report, tmp_path / "q.json", "mini")
    data = json.loads((tmp_path / "q.json").read_text())
    assert data["steps"][1]["values"][0]["cosine"] == report.steps[1].values[0].cosine
    assert data["ranges"] == {name: list(pair) for name, pair in report.ranges.items()}


def test_other_endings_and_files_that_are_there_are_refused(tmp_path):
    with pytest.raises(EdgebertError, match=r"written as \.html or \.json"):
        check_path(tmp_path / "q.pdf", force=False)
    (tmp_path / "q.html").write_text("precious")
    with pytest.raises(EdgebertError, match="--force"):
        write(sample(1), tmp_path / "q.html", "mini")
    assert (tmp_path / "q.html").read_text() == "precious"
    write(sample(1), tmp_path / "q.html", "mini", force=True)
    assert "Where accuracy goes" in (tmp_path / "q.html").read_text()


@pytest.mark.parametrize("steps", [1, 7])
def test_tables_show_the_steps_and_the_worst_values(steps):
    report = sample(steps)
    out = StringIO()
    print_quality(report, Console(file=out, width=100))
    shown = out.getvalue()
    for each in report.steps:
        assert f"{each.cosine:.4f}" in shown
        assert each.step in shown
    worst = min(report.steps[-1].values, key=lambda each: each.cosine)
    assert f"{worst.cosine:.4f}" in shown
    assert worst.name in shown
    assert max(map(len, shown.splitlines())) <= 100


@pytest.mark.skipif(PROGRAM is None, reason="no chromium here")
def test_the_page_in_chromium_is_drawn_whole_and_fits(tmp_path):
    (tmp_path / "q.html").write_text(to_html(sample(layers=120), "mini"), encoding="utf-8")
    with chromium(tmp_path / "profile") as browser:
        for width in WIDTHS:
            page = browser.open(tmp_path / "q.html", width)
            assert page.problems == []
            assert page.run("document.documentElement.scrollWidth") <= width
            drawn = page.run(
                "Array.from(document.querySelectorAll('svg'), svg => ["
                "svg.getBoundingClientRect().width > 250, svg.innerHTML.includes('NaN'),"
                "svg.querySelectorAll('circle, rect').length])"
            )
            assert [marks for *_, marks in drawn] == [7, 480, 12]
            assert all(wide and not broken for wide, broken, _ in drawn)
