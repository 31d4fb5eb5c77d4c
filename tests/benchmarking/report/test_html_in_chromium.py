"""The page in a real browser: nothing on the console, everything drawn, legible, sortable."""

import pytest

from edgebert.benchmarking.report.html import to_html
from tests.benchmarking.reports import HOSTILE, device, model, report, run, sample, tokens
from tests.chromium import PROGRAM, chromium

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no chromium here")

WIDTHS = (1280, 390)
COLUMN = """
(heading => {
  const table = document.querySelector("table");
  const column = Array.from(table.tHead.rows[0].cells)
    .findIndex(cell => cell.textContent === heading);
  table.tHead.rows[0].cells[column].querySelector("button").click();
  return {
    sorted: table.tHead.rows[0].cells[column].getAttribute("aria-sort"),
    values: Array.from(table.tBodies[0].rows, row => row.cells[column].dataset.value
      ?? row.cells[column].textContent),
  };
})
"""


def sources():
    hostile = report(
        device(
            run(model(HOSTILE), accuracy=0.9),
            run(model(f"{HOSTILE}.float32", "float32"), 2, accuracy=0.91),
            run(model(HOSTILE), given=tokens(16)),
            run(model(HOSTILE), given=tokens(32)),
            ratios=[(1, 0, 2, 1.9, 2.1)],
            name=HOSTILE,
            board=HOSTILE,
            governor=HOSTILE,
            notes=(HOSTILE,),
            engines={HOSTILE: HOSTILE},
        )
    )
    return {"sample": sample(), "hostile": hostile}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("chromium")


@pytest.fixture(scope="module")
def browser(folder):
    for name, source in sources().items():
        (folder / f"{name}.html").write_text(to_html(source), encoding="utf-8")
    with chromium(folder / "profile") as opened:
        yield opened


@pytest.fixture(scope="module", params=WIDTHS)
def width(request):
    return request.param


@pytest.fixture(scope="module", params=["sample", "hostile"])
def page(request, browser, folder, width):
    return browser.open(folder / f"{request.param}.html", width)


@pytest.fixture(scope="module")
def sample_page(browser, folder):
    return browser.open(folder / "sample.html", 1280)


def test_the_console_stays_empty_and_nothing_is_fetched(page):
    page.run("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    assert page.problems == []
    assert page.run("performance.getEntriesByType('resource').length") == 0


def test_every_chart_that_is_shown_is_drawn(page):
    charts = page.run(
        "Array.from(document.querySelectorAll('.panel:not([hidden]) svg'), svg => ["
        "svg.getBoundingClientRect().width, svg.getBoundingClientRect().height,"
        "svg.querySelectorAll('circle, rect').length, svg.innerHTML.includes('NaN')])"
    )
    assert len(charts) >= 5
    for wide, high, marks, broken in charts:
        assert (wide > 250, high > 40, marks > 0, broken) == (True, True, True, False)


def test_marks_lie_within_their_chart(page):
    outside = page.run(
        "Array.from(document.querySelectorAll('.panel:not([hidden]) svg circle')).filter(mark => {"
        "const own = mark.getBoundingClientRect();"
        "const all = mark.closest('svg').getBoundingClientRect();"
        "return own.left < all.left - 1 || own.right > all.right + 1 || own.top < all.top - 1"
        "|| own.bottom > all.bottom + 1 }).length"
    )
    assert outside == 0


def test_nothing_is_wider_than_the_screen(page, width):
    assert page.run("document.documentElement.scrollWidth") <= width


def test_text_of_charts_is_large_enough_to_read(page):
    smallest = page.run(
        "Math.min(...Array.from(document.querySelectorAll('.panel:not([hidden]) svg text'),"
        "text => parseFloat(getComputedStyle(text).fontSize)"
        "* text.closest('svg').getBoundingClientRect().width / 360))"
    )
    assert smallest >= 10


def test_one_input_is_shown_at_a_time(sample_page):
    headings = "document.querySelectorAll('#device-0 .panel:not([hidden]) h3')"
    shown = f"Array.from({headings}, heading => heading.textContent)"
    setting = "ai-edge-litert 2.3.0, 1 thread"
    lengths = f"All lengths, {setting}"
    assert sample_page.run(shown) == [f"100 texts (questions), {setting}", lengths]
    sample_page.run(
        "{const select = document.querySelector('#device-0 [data-choice=input]');"
        "select.value = '2'; select.dispatchEvent(new Event('change', {bubbles: true}))}"
    )
    assert sample_page.run(shown) == [f"a text of 128 tokens, {setting}", lengths]


def test_a_click_on_a_heading_sorts_by_it_and_a_second_one_turns_round(sample_page):
    up, down = (sample_page.run(f"{COLUMN}('p50 ms')") for _ in range(2))
    numbers = [float(value) for value in up["values"]]
    assert (up["sorted"], numbers) == ("ascending", sorted(numbers))
    assert len(set(numbers)) == len(numbers) == 12
    assert (down["sorted"], down["values"]) == ("descending", up["values"][::-1])
    names = sample_page.run(f"{COLUMN}('model')")
    assert names["values"] == sorted(names["values"])
    assert sample_page.run("document.querySelectorAll('#device-0 [aria-sort]').length") == 1


def test_sorting_keeps_what_is_not_known_last(browser, folder):
    source = report(
        device(run(accuracy=0.9), run(model("other")), run(model("third"), accuracy=0.8))
    )
    (folder / "unknown.html").write_text(to_html(source), encoding="utf-8")
    page = browser.open(folder / "unknown.html", 1280)
    assert page.run(f"{COLUMN}('accuracy')")["values"] == ["0.8", "0.9", ""]
    assert page.run(f"{COLUMN}('accuracy')")["values"] == ["0.9", "0.8", ""]


def test_dark_screens_get_a_dark_page(sample_page):
    colour = "getComputedStyle(document.body).backgroundColor"
    light = sample_page.run(colour)
    sample_page.dark()
    assert (light, sample_page.run(colour)) == ("rgb(251, 251, 250)", "rgb(20, 23, 26)")


def test_a_phone_shows_latency_without_scrolling(browser, folder):
    page = browser.open(folder / "sample.html", 390)
    edges = page.run(
        "Array.from(document.querySelectorAll('#device-0 table')[0].rows, row =>"
        "row.cells[1].getBoundingClientRect().right)"
    )
    heading = "document.querySelector('#device-0 table thead').rows[0].cells[1].textContent"
    assert page.run(heading) == "p50 ms"
    assert len(edges) == 13
    assert max(edges) <= 390


def test_the_moment_is_in_the_readers_own_time(browser, folder):
    page = browser.open(folder / "sample.html", 1280)
    page.call("Emulation.setTimezoneOverride", timezoneId="Asia/Tokyo")
    page.call("Page.reload")
    page.run(
        "new Promise(done => document.readyState === 'complete' ? done()"
        " : addEventListener('load', done))"
    )
    assert "November 23, 2026 at 9:40" in page.run("document.querySelector('time').textContent")
