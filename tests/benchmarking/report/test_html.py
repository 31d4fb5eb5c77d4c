"""The page as text: whole, on its own, with every run in it, harmless whatever names it holds."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from edgebert.benchmarking.report.html import to_html
from edgebert.errors import EdgebertError
from tests.benchmarking.reports import HOSTILE, device, model, report, run, sample, tokens

VOID = {"meta", "br", "input", "col"}
PLACES_TO_FETCH_FROM = {"src", "srcset", "data", "poster", "action", "formaction", "background"}


class Reader(HTMLParser):
    """Elements, their attributes and the text of each; fails where tags do not match."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], [], [], {}
        self.tables = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, *attribute) for attribute in attributes]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        inside = self.open[-1] if self.open else ""
        self.text[inside] = self.text.get(inside, "") + data
        if inside in ("td", "th"):
            self.tables[-1][-1][-1] += data


def hostile():
    texts = {"board": HOSTILE, "cpu": HOSTILE, "governor": HOSTILE, "notes": (HOSTILE,)}
    runs = (
        run(model(HOSTILE, HOSTILE), accuracy=0.9, engine=HOSTILE, notes=(HOSTILE,)),
        run(model(HOSTILE), given=tokens(16), cores=HOSTILE),
        run(model(HOSTILE), given=tokens(32), cores=HOSTILE),
    )
    return report(device(*runs, name=HOSTILE, engines={HOSTILE: HOSTILE}, **texts))


@pytest.mark.parametrize("source", [sample(), hostile()], ids=["sample", "hostile"])
def test_the_page_refers_to_nothing_outside(source):
    page = to_html(source)
    for tag, name, value in Reader(page).attributes:
        assert name not in PLACES_TO_FETCH_FROM, (tag, name)
        assert name != "style", "the policy would drop it"
        assert not name.startswith("on"), (tag, name)
        if name == "href":
            assert value.startswith("#")
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest|import\(", page)
    assert set(re.findall(r"https?://[\w./]+", page)) == {"http://www.w3.org/2000/svg"}


def test_the_policy_lets_only_our_own_style_and_script_run():
    reader = Reader(to_html(hostile()))
    policy = next(v for _, n, v in reader.attributes if n == "content" and "default-src" in v)
    for kind in ("style", "script"):
        digest = hashlib.sha256(reader.text[kind].encode()).digest()
        assert f"{kind}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert policy.startswith("default-src 'none';")


def test_names_stay_text():
    reader = Reader(to_html(hostile()))
    plain = Reader(to_html(report(device(run(), run(given=tokens(16)), run(given=tokens(32))))))
    assert reader.tags.count("script") == plain.tags.count("script") == 1
    assert "<script>alert(1)</script>" in reader.text["th"]
    assert "\x1b" not in to_html(hostile())
    assert to_html(hostile()).encode("utf-8")


def test_every_run_is_a_row_with_its_figures():
    reader = Reader(to_html(sample()))
    for at, result in enumerate(sample().devices):
        tables = [t for t in reader.tables if "peak MB" in t[0] and "input" in t[0]]
        heading, *body = tables[at]
        assert len(body) == len(result.runs)
        for row, one in zip(body, result.runs, strict=True):
            cells = dict(zip(heading, row, strict=True))
            assert cells["model"] == one.model.name
            assert cells["weights"] == one.model.quantization
            assert float(cells["p50 ms"].replace(",", "")) == pytest.approx(
                one.stats.p50 / 1000, rel=0.006
            )


def test_charts_are_named_and_have_their_figures_as_a_table():
    reader = Reader(to_html(sample()))
    figures = reader.tags.count("figure")
    assert figures == 2 * (3 * 5 + 1)  # devices × (inputs × charts, and one over all lengths)
    assert reader.tags.count("svg") == figures
    assert len(reader.tables) == figures + 2
    labels = [v for tag, name, v in reader.attributes if (tag, name) == ("svg", "aria-label")]
    assert len(labels) == figures
    assert all(labels)


def test_the_weight_cache_has_bars_of_its_own():
    page = to_html(sample())
    assert "intents_2_128, cached: load 3.62 ms" in page
    assert page.count("intents_2_128, cached: private, added") == 3


def test_what_a_token_costs():
    runs = [run(given=tokens(n), ms=0.1 + 0.02 * n) for n in (16, 32, 128)]
    reader = Reader(to_html(report(device(*runs))))
    (table,) = [t for t in reader.tables if "µs a token more" in t[0]]
    assert table[1] == ["tiny", "0.420", "0.740", "2.66", "20.0"]


def test_missing_accuracy_is_said():
    assert "Accuracy was not measured" in to_html(report(device(run())))


def test_each_device_begins_with_what_its_runs_come_to():
    said = Reader(to_html(sample())).text["p"]
    assert "intents_2_128 answers in 0.0821 ms, 4.64 MB; 1.3 times as quick as float32." in said
    assert "intents_2_128.float32 answers in 0.407 ms, 17.8 MB." in said


def test_the_moment_is_written_for_reading():
    assert ">23 November 2026, 00:40 UTC</time>" in to_html(sample())
    assert "<time>some day</time>" in to_html(replace(sample(), created="some day"))


def test_what_is_not_known_of_a_run_is_a_dash_and_of_all_of_them_no_column():
    bare = run(stats=None, cold=type(run().cold)(), memory=type(run().memory)())
    alone = Reader(to_html(report(device(bare))))
    headings, cells = alone.tables[0][:2]
    assert "–" not in cells
    assert len(headings) == len(cells)
    assert alone.tags.count("svg") == 0
    headings, *rows = Reader(
        to_html(report(device(run(model("a"), accuracy=0.9), run(model("b")))))
    ).tables[0]
    assert {row[headings.index("accuracy")] for row in rows} == {"0.9000", "–"}


def test_notes_tell_of_governor_throttling_and_int8_that_did_not_help():
    text = Reader(to_html(sample())).text["li"]
    assert "governor is ondemand, not performance" in text
    assert "1 of 4 rounds throttled, left out of the figures" in text
    assert text.count("int8 did not help") == 3


def test_impossible_numbers_are_refused():
    with pytest.raises(EdgebertError, match="no device measures that"):
        to_html(report(device(run(ms=1e300))))
