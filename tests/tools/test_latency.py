"""The latency table: work counted as the paper has it, growth found again, page as figures."""

import json

import numpy as np
import pytest

from edgebert.bert.catalogue import CATALOGUE
from edgebert.bert.weights import HEADS, encoder_shapes
from tools.docs.pages import write_between_marks
from tools.fixtures.random_weights import find_size
from tools.studies.latency import table
from tools.studies.latency.growth import Point, doubling, fit
from tools.studies.latency.subjects import WIDTH, write_limit, write_size
from tools.studies.latency.table import (
    CHECKED,
    LENGTHS,
    ResultCache,
    count_sizes,
    growth_tables,
    latency_tables,
    read_figures,
)
from tools.studies.latency.work import Work, measure_work


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A 2/512: heads too many for the last layer's keys and values to be merged."""
    folder = tmp_path_factory.mktemp("small")
    names = [*encoder_shapes(find_size("2/512").config)]
    names += HEADS["pooler"]
    moments = {name: {"mean": 0.0, "std": 0.05} for name in names}
    statistics = folder / "statistics.json"
    statistics.write_text(json.dumps({"bert_uncased_L-2_H-512_A-8": {"tensors": moments}}))
    write_size("2/512", statistics, folder / "model.tflite")
    return folder / "model.tflite"


def test_work_is_what_the_paper_says_for_the_rows_that_are_read(small):
    n, h = 24, 512
    layer = 12 * h * h * n
    last = 2 * h * h * n + (2 + 8) * h * h  # keys and values of all rows, the rest of one
    heads = h * h + 2 * h
    attention = 2 * n * n * h + 2 * n * h
    assert measure_work(small, n) == Work(dense=layer + last + heads, attention=attention)


def test_the_limit_is_one_product(tmp_path):
    write_limit(tmp_path / "limit.tflite")
    assert (tmp_path / "limit.tflite").stat().st_size < 1.1 * WIDTH * WIDTH


def points(cost):
    return [
        Point(layers, hidden, n, 12 * layers * hidden**2 * n, 2 * layers * n * n * hidden,
              cost(layers, hidden, n))
        for layers in (2, 4, 8) for hidden in (128, 256, 512) for n in (16, 32, 64)
    ]  # fmt: skip


def test_a_fit_finds_what_made_the_costs():
    made = points(lambda layers, h, n: 3 * 12 * layers * h * h * n + 500 * layers * h * n)
    found = fit(made)
    assert found.coefficients[0] == pytest.approx(3, rel=1e-3)
    assert found.coefficients[2] == pytest.approx(500, rel=1e-3)
    assert found.largest_error < 1e-3


def test_doubling_compares_sizes_that_differ_in_one_thing():
    factors = doubling(points(lambda layers, h, n: layers * h**2 * n**1.5))
    for name, expected in (("L", 2), ("H", 4), ("n", 2**1.5)):
        assert factors[name] == pytest.approx((expected,) * 3)


@pytest.mark.parametrize("odd", [0, 20])
def test_sizes_that_are_not_counted_lie_on_the_line_and_others_are_held_to_it(
    odd, tmp_path, monkeypatch
):
    def count(pi, board, path):
        layers, hidden = map(int, path.name.split("-"))
        return [hidden * (7 + 3 * layers) + odd * (layers == 6) for _ in LENGTHS]

    monkeypatch.setattr(table, "_count", count)
    monkeypatch.setattr(table, "sha256_of", str)
    paths = {model.name: tmp_path / model.name.replace("/", "-") for model in CATALOGUE}
    kept = ResultCache(tmp_path / "kept.json")
    if odd:
        with pytest.raises(RuntimeError, match=r"6/128 on pi5: 0\.63% off the line"):
            count_sizes(None, "pi5", paths, kept)
    else:
        found = count_sizes(None, "pi5", paths, kept)
        assert found["12/768"] == [768 * (7 + 36)] * 4
        assert len(json.loads((tmp_path / "kept.json").read_text())) == 8 + len(CHECKED)


def test_what_is_kept_is_not_computed_again(tmp_path):
    ResultCache(tmp_path / "kept.json").get("a", lambda: [1, 2])
    again = ResultCache(tmp_path / "kept.json")
    assert again.get("a", lambda: pytest.fail("computed again")) == [1, 2]


def test_a_page_keeps_what_stands_outside_the_marks(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- x -->\nold\n<!-- end of x -->\nb\n")
    write_between_marks(page, "x", "new\n\n")
    assert page.read_text() == "a\n<!-- x -->\nnew\n<!-- end of x -->\nb\n"
    with pytest.raises(ValueError, match="no marks for y"):
        write_between_marks(page, "y", "new")


def test_the_page_shows_the_committed_figures_of_all_sizes():
    figures = read_figures()
    assert {(row.size, row.tokens) for row in figures.rows} == {
        (model.name, n) for model in CATALOGUE for n in LENGTHS
    }
    page = table.PAGE.read_text()
    assert latency_tables(figures).strip() in page
    assert growth_tables(figures).strip() in page
    shares = np.array([row.share for row in figures.rows])
    assert ((shares > 0) & (shares < 1.1)).all()
